// A TLS handshake on one side of a flow, and what its failure tells.
#pragma once

#include "proxy/flow/end.hpp"
#include "proxy/net/poller.hpp"
#include "proxy/tls/connection.hpp"

namespace weir::session {

struct Flow;

enum class Handshake : std::uint8_t {
  done,
  failed,             // the connection says how
  stopped,            // flow.stopped says why
  client_gone,        // a reset, while the origin's handshake went on
  wants_certificate,  // the origin asks the client for one
};

// Within tls.handshake_timeout, which begins with the first handshake of the flow.
net::Awaitable<Handshake> shake_hands(Flow&, tls::Connection&);

// After a handshake with the client that was not done: its end. An exception is learned where it shows that this client
// does not take weir's certificate.
flow::End client_handshake_failed(Flow&);

}  // namespace weir::session
