// Opens the upstream connection of a flow: plain TCP to its original destination.
#pragma once

#include <optional>

#include "proxy/flow/end.hpp"
#include "proxy/net/poller.hpp"

namespace weir::session {

struct Flow;

// Connected, and on record. An end: it failed, and how.
net::Awaitable<std::optional<flow::End>> dial(Flow&);

}  // namespace weir::session
