// One TLS connection on a watched socket, as a stream of bytes. As the server or as the client: client_side and
// upstream_side make it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "proxy/flow/record.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/tls/link.hpp"

namespace weir::tls {

// OpenSSL would have the session of a connection that ends without close_notify never resumed, as TLS 1.0 had it; since
// TLS 1.1 that is no reason (RFC 4346, 7.2.1), and many origins just close. After a fatal alert it still is one.
struct SslFree {
  void operator()(SSL* ssl) const {
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
  }
};
using Session = std::unique_ptr<SSL, SslFree>;

// How a connection failed.
struct Failure {
  enum class Kind : std::uint8_t {
    closed,      // the peer's FIN in the middle of the handshake
    socket,      // `error` is the system's
    peer_alert,  // the peer sent the alert `alert` (RFC 8446, 6)
    version,     // no version that both speak
    not_tls,     // what came is no TLS
    protocol,    // anything else that TLS does not allow; the peer was told by an alert
    too_many,    // messages without an end: key updates, tickets
  };
  Kind kind = Kind::protocol;
  std::optional<std::uint8_t> alert;
  std::error_code error;
  std::string text;  // OpenSSL's reason
};
const char* name(Failure::Kind);

// Errors of OpenSSL's libraries as std::error_code.
const std::error_category& openssl_category();

class Connection : public net::Stream {
 public:
  enum class Progress : std::uint8_t { done, wait, failed };

  // `first`: bytes of the peer that were read already; they and the watch outlive the connection.
  Connection(SSL_CTX*, net::Watch&, std::span<const std::uint8_t> first);
  ~Connection() override = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Progress handshake();
  bool is_established() const { return established_; }

  Io read(std::span<std::uint8_t> into) override;
  Io write(std::span<const std::uint8_t> bytes) override;
  Io finish(bool in_order, bool closes) override;
  // Data to read, or an end: what comes next is no more than the protocol's own.
  bool has_word();
  bool has_ended() const { return ended_; }  // the peer, in order or not
  bool is_truncated() const override { return truncated_; }
  std::error_code error() const override;

  const Failure& failure() const { return failure_; }
  // Once established.
  flow::TlsLeg facts() const;
  std::string alpn() const;  // empty: none was agreed on
  const Link& link() const { return link_; }

  SSL* ssl() const { return ssl_.get(); }
  static Connection* of(const SSL*);

 protected:
  // The reason for a progress of `failed` that OpenSSL does not give.
  void fail(Failure::Kind, std::string text);

 private:
  static void on_state(const SSL*, int where, int value);
  Io io_of(int result);
  void note_failure(int why);
  bool has_too_many_messages();
  bool has_news() const;

  Link link_;
  Session ssl_;
  Failure failure_;
  std::uint32_t messages_after_handshake_ = 0;
  bool established_ = false;
  bool failed_ = false;  // in the handshake
  bool ended_ = false;
  bool truncated_ = false;
  bool told_end_ = false;  // close_notify went out
};

}  // namespace weir::tls
