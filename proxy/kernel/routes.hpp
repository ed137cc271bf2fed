// Policy routing of intercepted packets: what carries kDeliverMark is delivered locally, whatever its destination.
#pragma once

#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace weir::kernel {

struct RouteState {
  std::string text;  // as `ip rule` and `ip route` print it
  bool in_force = false;
};

// Each call is complete in itself and may be repeated. A family the kernel has not (IPv6 turned off) is left out.
boost::system::result<void, std::string> install_routes();
boost::system::result<void, std::string> remove_routes();
std::vector<RouteState> routes_state();

}  // namespace weir::kernel
