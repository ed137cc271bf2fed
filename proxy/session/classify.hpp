// Decides what becomes of a flow: by its addresses where they are enough, else by its first bytes too.
#pragma once

#include <optional>

#include "policy/policy.hpp"
#include "proxy/flow/end.hpp"
#include "proxy/net/poller.hpp"

namespace weir::session {

struct Flow;

// The decision is on record. An end: the flow is over before there was one.
net::Awaitable<std::optional<flow::End>> decide(Flow&, policy::Decision&);

}  // namespace weir::session
