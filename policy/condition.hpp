// Conditions of rules are numbered, and an index (of prefixes, of names) answers for all of them at once: one lookup a
// flow, however many rules there are.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace weir::policy {

// Rules and bypass entries together.
inline constexpr std::size_t kMostConditions = 4096;

// Which entry, in the order of the policy: bypass entries first, then the rules.
using Condition = std::uint16_t;
using Conditions = std::bitset<kMostConditions>;

}  // namespace weir::policy
