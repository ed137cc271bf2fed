// TLS towards clients: weir is the server, with a leaf made to match the origin.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "pki/leaf.hpp"
#include "proxy/tls/connection.hpp"
#include "proxy/tls/context.hpp"
#include "proxy/tls/ticket_keys.hpp"

namespace weir::tls {

struct ServeAs {
  pki::LeafPointer leaf;
  std::string alpn;  // the one to agree on; empty: none
  // A client resumes only what it began with the same identity: another certificate of the origin's is another one.
  std::array<std::uint8_t, 32> identity{};
  bool resumable = true;
};

class ClientConnection : public Connection {
 public:
  ClientConnection(SSL_CTX*, net::Watch&, std::span<const std::uint8_t> first, ServeAs);
  const ServeAs& serves_as() const { return as_; }

 private:
  ServeAs as_;
};

// What the connections of one worker are made from.
class ClientSide {
 public:
  // Both outlive this object and its connections.
  ClientSide(int minimum_version, TicketKeys&, const KeyLog*);

  // Nothing where OpenSSL refuses the leaf.
  std::unique_ptr<ClientConnection> open(net::Watch&, std::span<const std::uint8_t> first, ServeAs);

 private:
  Context context_;
};

}  // namespace weir::tls
