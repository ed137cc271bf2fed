// What linux/mptcp.h of Debian 12 (Linux 6.1) lacks, after the kernel's own header of 6.5 and later.
#pragma once

#include <cstdint>

#include <linux/mptcp.h>

namespace weir::kernel::uapi {

inline constexpr int kSolMptcp = 284;
inline constexpr int kIpProtoMptcp = 262;
inline constexpr int kMptcpFullInfo = 4;

struct FullInfo {  // struct mptcp_full_info
  std::uint32_t size_tcpinfo_kernel;
  std::uint32_t size_tcpinfo_user;
  std::uint32_t size_sfinfo_kernel;
  std::uint32_t size_sfinfo_user;
  std::uint32_t num_subflows;
  std::uint32_t size_arrays_user;
  std::uint64_t subflow_info;
  std::uint64_t tcp_info;
  mptcp_info info;
  std::uint8_t later_info[256];  // what newer kernels' mptcp_info has more; they fill what fits
};

struct SubflowInfo {  // struct mptcp_subflow_info
  std::uint32_t id;
  mptcp_subflow_addrs addrs;
};

}  // namespace weir::kernel::uapi
