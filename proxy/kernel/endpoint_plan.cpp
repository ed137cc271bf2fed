#include "proxy/kernel/endpoint_plan.hpp"

#include <algorithm>

namespace weir::kernel {
namespace {

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

}  // namespace

std::vector<conf::SignalledEndpoint> wanted_endpoints(const conf::Settings& settings) {
  std::vector<conf::SignalledEndpoint> wanted;
  for (auto endpoint : settings.mptcp.endpoints) {
    if (contains(settings.gateway.intercept_ports, endpoint.port)) endpoint.port = 0;
    if (!contains(wanted, endpoint)) wanted.push_back(endpoint);
  }
  return wanted;
}

EndpointPlan plan_endpoints(const std::vector<conf::SignalledEndpoint>& wanted,
                            const std::vector<conf::SignalledEndpoint>& owned,
                            const std::vector<PathManagerEndpoint>& present) {
  EndpointPlan plan;
  std::vector<conf::SignalledEndpoint> there;
  for (const auto& endpoint : present) {
    const conf::SignalledEndpoint value{endpoint.address, endpoint.port};
    if (contains(owned, value) && !contains(wanted, value)) {
      plan.remove.push_back(endpoint);
    } else if (endpoint.signal) {
      there.push_back(value);
    }
  }
  for (const auto& endpoint : wanted) {
    const bool is_there = contains(there, endpoint);
    if (!is_there) plan.add.push_back(endpoint);
    if (!is_there || contains(owned, endpoint)) plan.owned.push_back(endpoint);
  }
  return plan;
}

}  // namespace weir::kernel
