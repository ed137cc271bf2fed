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

// The connections that the kernel forwards past weir, by client and destination with their ports: open, and on their
// way to their end. They do for them what connection tracking would, which costs every connection, weir's own too, more
// than a quarter of their rate.
inline constexpr std::string_view kOpenSet = "direct_open";
inline constexpr std::string_view kClosingSet = "direct_closing";

// Whether a set holds what flows have written into it, and stays when the table is made anew.
bool is_lasting_set(std::string_view name);

// All sets; of the rules the first `rules`.
std::string sets_text(const policy::Policy&, std::size_t rules, const LiveSets&);

}  // namespace weir::kernel
