// The sets of weir's table as text. Pure.
#pragma once

#include <string>

#include "policy/policy.hpp"
#include "proxy/kernel/live_sets.hpp"

namespace weir::kernel {

// Of the entry `kind` ("bypass" or "rule") number `i`: where flows come from and go to.
std::string from_set(std::string_view kind, std::size_t i, bool v4);
std::string to_set(std::string_view kind, std::size_t i, bool v4);

bool has_family(const std::vector<policy::Prefix>&, bool v4);

// Destinations of late, by address and port: of connections handed to weir, and of those sent past it.
inline constexpr std::string_view kRecentSet = "recent";
inline constexpr std::string_view kDirectSet = "sent_direct";

// All sets; of the rules the first `rules`.
std::string sets_text(const policy::Policy&, std::size_t rules, const LiveSets&);

}  // namespace weir::kernel
