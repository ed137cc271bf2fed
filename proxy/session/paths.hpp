// The paths of an MPTCP flow as its record keeps them: what the kernel told last of each subflow, and why it ended.
// Pure.
#pragma once

#include <vector>

#include "proxy/flow/record.hpp"
#include "proxy/kernel/mptcp_info.hpp"
#include "proxy/kernel/path_events.hpp"

namespace weir::session {

// Subflows that are there now. What was known of others stays, as not live.
void take_sample(flow::Record&, const std::vector<kernel::SubflowState>& subflows);
// True where the event changed the record.
bool take_event(flow::Record&, const kernel::PathEvent&);
// The connection is over: what was live until now ended with it.
void close_paths(flow::Record&);

}  // namespace weir::session
