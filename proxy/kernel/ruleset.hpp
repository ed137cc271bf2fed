// weir's nftables table as text: a pure function of settings and policy, golden-tested.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.hpp"
#include "policy/policy.hpp"
#include "proxy/kernel/live_sets.hpp"

namespace weir::kernel {

inline constexpr std::string_view kTable = "weir";  // table inet weir: weir's own, and the only one it touches

// Firewall marks. weir uses the top byte only, and always under its mask, so that other users keep theirs.
inline constexpr std::uint32_t kMarkMask = 0xff000000;
inline constexpr std::uint32_t kDeliverMark = 0x57000000;    // to be delivered to a local, transparent socket
inline constexpr std::uint32_t kOwnMark = 0x58000000;        // SO_MARK of weir's upstream sockets: never intercepted
inline constexpr std::uint32_t kForwardedMark = 0x5a000000;  // forwarded from a client interface: masquerade

inline constexpr std::uint32_t kRoutingTable = 5700;  // ip rule fwmark kDeliverMark/kMarkMask lookup 5700
inline constexpr std::uint32_t kRulePriority = 5700;
inline constexpr std::uint16_t kAlertGroup = 1306;   // NFLOG group, after Cisco's signature number
inline constexpr std::uint16_t kAnswerGroup = 1353;  // NFLOG group of DNS answers
inline constexpr std::uint16_t kJoinGroup = 1307;    // NFLOG group of joins' SYNs

// What weir changed in the kernel besides the table, as "name=value" with the value from before. It is kept as
// comments of a chain nothing jumps to, in the table itself: gone with it, and there after a kill -9.
using SavedState = std::vector<std::string>;

// What the kernel is to have: the settings and the policy in force, and what of the sets is known from running.
struct Wanted {
  conf::Settings settings;
  policy::Policy policy{};
  LiveSets live{};
};

// What a table has, by name.
struct TableInventory {
  std::vector<std::string> chains;
  std::vector<std::string> sets;
  std::vector<std::string> counters;
};

// One transaction that makes the table, or makes it anew in place of one that has `present`: what flows have written
// into its sets and counters stays.
std::string ruleset_text(const Wanted&, const SavedState&, const TableInventory& present = {});
// One transaction that removes the old table if there is one, and makes the new.
std::string fresh_ruleset_text(const Wanted&, const SavedState&);
// The table alone, without what is known from running: tells one configuration from another.
std::string configured_ruleset(const Wanted&);
// One transaction that removes the table, also when there is none.
std::string removal_text();

}  // namespace weir::kernel
