// What a client that keeps silent is let do. A server may speak first (SMTP, SSH), so such a flow goes on without what
// its client says; but one whose client is after all the first to speak is judged by that, however late it comes.
#pragma once

#include <optional>

#include "proxy/net/poller.hpp"
#include "proxy/session/classify.hpp"

namespace weir::session {

struct Flow;
class Opening;

// As `decide`. A flow that would pass unread because its client is silent is dialled, and waited for until one side
// speaks: the upstream is open after that, and `decided.is_silent` where it was the origin.
net::Awaitable<std::optional<flow::End>> decide_by_first_word(Flow&, Decided&);

// Within TLS, where both are connected: until the client has something to read, or the origin has. False where it is
// the origin, or the flow is to stop.
net::Awaitable<bool> client_speaks_first(Flow&, Opening&);

}  // namespace weir::session
