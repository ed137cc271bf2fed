// Ends a flow that goes no further, and tells its client so in what it speaks.
#pragma once

#include "policy/policy.hpp"
#include "proxy/flow/end.hpp"
#include "proxy/net/poller.hpp"

namespace weir::session {

struct Flow;

// Policy blocks it: a page for HTTP, the alert access_denied for TLS, a reset for others.
net::Awaitable<flow::End> refuse_blocked(Flow&, policy::Action);
// Its first bytes break the rules of what they begin as: 400 or an alert.
net::Awaitable<flow::End> refuse_malformed(Flow&);

}  // namespace weir::session
