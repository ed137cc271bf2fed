// Moves a flow's bytes until it is over.
#pragma once

#include "proxy/flow/end.hpp"
#include "proxy/net/poller.hpp"

namespace weir::session {

struct Flow;

// Both sockets are connected; what they say is passed on unread.
net::Awaitable<flow::End> relay_unread(Flow&);
// flow.relay is there, and carries what it carries.
net::Awaitable<flow::End> carry(Flow&);

}  // namespace weir::session
