// The life of one flow, from its accept to its record: ARCHITECTURE.md, "Life of a flow".
#pragma once

#include "proxy/flow/record.hpp"
#include "proxy/net/poller.hpp"
#include "proxy/session/admission.hpp"

namespace weir::session {

class Worker;

// Runs on the worker's thread; ends when the flow does.
net::Awaitable<void> run_flow(Worker&, Admission::Place, net::Descriptor client, flow::ClientEndpoint);

}  // namespace weir::session
