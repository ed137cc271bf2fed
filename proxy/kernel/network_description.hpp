// The text of `weir net show`: rules, routes, sysctls and path-manager settings, each with whether it is in force.
#pragma once

#include <string>

#include "conf/settings.hpp"
#include "proxy/kernel/nftables.hpp"

namespace weir::kernel {

std::string describe_network(const conf::Settings&, Nftables&);

}  // namespace weir::kernel
