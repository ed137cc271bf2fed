// The kernel's own MPTCP counters, as `nstat` shows them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::admin {

struct KernelCounter {
  std::string name;  // the kernel's, e.g. "MPJoinNoTokenFound"
  std::uint64_t value = 0;
};

// The MPTcpExt lines of /proc/net/netstat: one of names, one of values. None on a kernel without MPTCP.
std::vector<KernelCounter> parse_mptcp_counters(std::string_view netstat);

}  // namespace weir::admin
