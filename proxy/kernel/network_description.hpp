// The text of `weir net show`: rules, routes, sysctls and path-manager settings, each with whether it is in force.
#pragma once

#include <string>

#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/ruleset.hpp"

namespace weir::kernel {

std::string describe_network(const Wanted&, Nftables&);

}  // namespace weir::kernel
