// TLS towards origins: weir is the client. Every chain is judged in the handshake, once; what the verdict means is for
// the caller, who asks for it before a byte is passed on.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "pki/trust.hpp"
#include "proxy/tls/connection.hpp"
#include "proxy/tls/context.hpp"
#include "proxy/tls/upstream_sessions.hpp"
#include "proxy/tls/verified.hpp"

namespace weir::tls {

struct DialAs {
  std::string origin;                      // destination and name: whose sessions may be resumed
  std::optional<std::string> server_name;  // a DNS name, sent as SNI
  std::optional<std::string> judged_by;  // what the client asked for; nothing: it named nothing, and will judge itself
  std::string alpn;                      // in wire format (RFC 7301, 3.1); empty: none is offered
};

class UpstreamSide;

class UpstreamConnection : public Connection {
 public:
  UpstreamConnection(SSL_CTX*, net::Watch&, UpstreamSide&, DialAs);

  // Once established. A resumed session is one of an origin that was trusted.
  const pki::Verdict& verdict() const { return verdict_; }
  X509* certificate() const { return SSL_get0_peer_certificate(ssl()); }
  // The origin asks the client for a certificate (RFC 8446, 4.3.2): the handshake waits, and cannot go on.
  bool wants_certificate() const { return wants_certificate_; }

 private:
  friend class UpstreamSide;
  UpstreamSide& side_;
  DialAs as_;
  pki::Verdict verdict_;
  bool wants_certificate_ = false;
};

// What the connections of one worker are made from; outlives them.
class UpstreamSide {
 public:
  UpstreamSide(int minimum_version, std::shared_ptr<const pki::Trust>, const KeyLog*);
  UpstreamSide(const UpstreamSide&) = delete;
  UpstreamSide& operator=(const UpstreamSide&) = delete;

  std::unique_ptr<UpstreamConnection> open(net::Watch&, DialAs);
  UpstreamSessions& sessions() { return sessions_; }

 private:
  static int judge(X509_STORE_CTX*, void* side);
  pki::Verdict verdict(X509_STORE_CTX*, const std::optional<std::string>& name);
  static int note_certificate_request(SSL*, X509**, EVP_PKEY**);
  static int keep_session(SSL*, SSL_SESSION*);

  std::shared_ptr<const pki::Trust> trust_;
  UpstreamSessions sessions_;
  Verified verified_;
  Context context_;
};

}  // namespace weir::tls
