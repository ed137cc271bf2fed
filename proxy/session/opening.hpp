// A flow that is being decrypted: TLS to its origin and to its client, and what was found out on the way.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "policy/policy.hpp"
#include "proxy/detect/detector.hpp"
#include "proxy/flow/record.hpp"
#include "proxy/flow/tls_cause.hpp"
#include "proxy/session/decryption.hpp"
#include "proxy/tls/exceptions.hpp"

namespace weir::session {

struct Flow;

// Owned by its flow, from the decision to decrypt until the flow's end.
class Opening {
 public:
  explicit Opening(Flow&);
  ~Opening();

  // As the client said: its destination and the name it asked for.
  const tls::Parties& parties() const { return parties_; }

  // The flow is connected upstream: as the TLS client, with the client's own SNI and ALPN.
  void begin_upstream();
  // The origin's handshake is done. Whether it agreed on a protocol that the client had offered.
  bool take_upstream();
  bool is_trusted() const { return upstream_->verdict().trusted(); }
  // A leaf to match the origin's certificate, or of weir's own for the name asked for; then as the TLS server.
  // False where no leaf can be made.
  enum class Leaf : std::uint8_t { matching, mirroring, own };
  bool begin_client(Leaf);
  // Where a session of the origin's can be resumed, what it will present and choose is known: the client is answered
  // while the origin is dialled. False where that is not so.
  bool begin_client_early();
  bool has_answered_early() const { return early_; }
  // The origin is trusted, and has chosen what the client was told.
  bool is_as_expected();
  void forget_origin();
  void take_client();
  // By ALPN: HTTP/1, HTTP/2, another (opaque), or nothing that tells (need_more).
  detect::Protocol agreed_on() const;
  // Both are done: `flow.relay` carries what they say, or their messages; `first` is what the client said already.
  void begin_relay(std::span<const std::uint8_t> first);
  void begin_messages(bool http2, std::span<const std::uint8_t> first);
  // Whether the origin's certificate, which was found to be trusted, is for that name too.
  bool origin_is(const std::string& name) const;
  bool client_speaks_http2() const { return record_.alpn == "h2"; }

  // What policy says of the flow where it cannot be decrypted.
  void note_unread(const policy::Decision& decision) { unread_ = decision; }
  const policy::Decision& unread() const { return unread_; }

  bool mirrors_faults() const { return record_.leaf_mirrors_faults; }
  bool has_upstream(const tls::Connection& connection) const { return upstream_.get() == &connection; }
  bool has_begun_upstream() const { return upstream_ != nullptr; }
  tls::UpstreamConnection& upstream() { return *upstream_; }
  tls::ClientConnection& client() { return *client_; }

  void note_not_decrypted(flow::TlsCause);
  void note_detail(std::string detail);
  // The origin is to be dialled anew, or the flow has no use for it any more.
  void drop_upstream() { upstream_.reset(); }

  // While bytes move: a client that sends data has taken weir's certificate; an end without close_notify is told.
  void watch();
  // Who ended first, while bytes moved; nothing where nobody did in order.
  std::optional<flow::Side> left_first() const { return left_first_; }

 private:
  std::string origin_key() const;
  std::string offered_upstream() const;
  bool open_client(Leaf, pki::Result<pki::LeafPointer>, const X509* origin);
  pki::KeyKind key_kind() const;
  pki::Result<pki::LeafPointer> matching_leaf(const X509& origin, pki::KeyKind);
  pki::Result<pki::LeafPointer> mirroring_leaf(pki::KeyKind);
  pki::Result<pki::LeafPointer> own_leaf(pki::KeyKind);
  void publish();

  Flow& flow_;
  std::shared_ptr<TlsSides> sides_;
  tls::Parties parties_;
  policy::Decision unread_;
  flow::TlsRecord record_;
  std::unique_ptr<tls::UpstreamConnection> upstream_;
  std::unique_ptr<tls::ClientConnection> client_;
  bool early_ = false;  // the client was answered before the origin
  std::optional<flow::Side> left_first_;
  bool heard_ = false;  // application data came from the client
};

}  // namespace weir::session
