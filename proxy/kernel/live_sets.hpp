// What of the kernel's sets changes while weir runs: it is kept here too, so that a table made anew has it from its
// first packet on.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "policy/rule.hpp"

namespace weir::kernel {

// An address learned for a bypass entry's names.
struct LearnedElement {
  std::size_t bypass = 0;  // the entry's place in its table
  policy::Address address;
  std::chrono::milliseconds left{0};  // until it expires
  friend auto operator<=>(const LearnedElement&, const LearnedElement&) = default;
};

struct LiveSets {
  std::set<std::uint32_t> tokens;  // of the MPTCP connections that end on this host (RFC 8684, 3.2)
  std::vector<LearnedElement> learned;
  // Destinations bypassed at run time, by the kind of flows: disjoint ranges each.
  std::vector<policy::AddressRange> run_time_mptcp;
  std::vector<policy::AddressRange> run_time_tcp;
  std::vector<policy::AddressRange> run_time_any;
};

// The sets' names in the table.
inline constexpr std::string_view kTokenSet = "tokens";
std::string learned_set(std::size_t bypass, bool v4);
std::string run_time_set(policy::Flows, bool v4);

}  // namespace weir::kernel
