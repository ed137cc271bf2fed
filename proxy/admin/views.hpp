// What the API shows, as JSON. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "proxy/admin/gateway_view.hpp"
#include "proxy/admin/totals.hpp"

namespace weir::admin {

const char* name(Phase);

boost::json::object by_transport(const std::array<std::uint64_t, 2>& counts);

// Why the gateway is not ready for clients' traffic; empty when it is.
std::string why_not_ready(const Status&);

std::string status_json(const Status&, const Totals&, std::chrono::system_clock::time_point now);

std::string bypass_json(const BypassList&);
std::string exceptions_json(const std::vector<TlsException>&);
std::string joins_json(const JoinReport&);

// The flow's record so far, and what only a live flow has: "live", "idle_ms", "subflows_now".
std::string flow_json(const flow::Record&);

// {"total": all live flows, "matched": those the query lets through, "flows": […]}
std::string flows_json(const std::vector<flow::Record>& shown, std::size_t total, std::size_t matched);

}  // namespace weir::admin
