// The kernel's own MPTCP counters of this network namespace (MPTcpExt), as `nstat` shows them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weir::kernel {

// By the kernel's names, e.g. "MPJoinNoTokenFound"; empty on a kernel without MPTCP.
std::map<std::string, std::uint64_t> mptcp_counters();
// Of the text of /proc/net/netstat: one line of names, one of values. Pure.
std::map<std::string, std::uint64_t> parse_mptcp_counters(std::string_view netstat);

}  // namespace weir::kernel
