// [[bypass]] and [[rule]]: what is decided, as the policy box has it.
#pragma once

#include "conf/matching.hpp"
#include "policy/policy.hpp"

namespace weir::conf {

void read_bypasses(const toml::table& root, const Surroundings&, Problems&, policy::Policy&);
void read_rules(const toml::table& root, const Surroundings&, Problems&, policy::Policy&);

}  // namespace weir::conf
