// What a client that keeps silent is let do. A server may speak first (SMTP, SSH), so such a flow goes on without what
// its client says; but one whose client is after all the first to speak is judged by that, however late it comes.
#pragma once

#include <optional>

#include "proxy/net/poller.hpp"
#include "proxy/session/classify.hpp"

namespace weir::session {

struct Flow;
class Opening;

// Of a flow whose client is silent: where it would therefore pass unread it is dialled, and waited for until one side
// speaks. If that is the origin the upstream is open after it; if the client, it is decided anew.
net::Awaitable<std::optional<flow::End>> decide_by_first_word(Flow&, Decided&);

// Within TLS, where both are connected: until the client has something to read, or the origin has. False where it is
// the origin, or the flow is to stop.
net::Awaitable<bool> client_speaks_first(Flow&, Opening&);

}  // namespace weir::session
