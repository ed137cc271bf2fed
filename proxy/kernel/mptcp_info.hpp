// What the kernel tells of one accepted socket: is it MPTCP, and its subflows (linux/mptcp.h, SOL_MPTCP).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <system_error>
#include <vector>

#include "policy/address.hpp"

namespace weir::kernel {

struct MptcpState {
  std::uint32_t token = 0;  // host order, as in MP_JOIN and in path-manager events; 0 after fallback
  bool fallback = false;    // an MPTCP socket that goes on as plain TCP (RFC 8684 3.7)
  unsigned subflows = 1;    // the first included, even where it is gone and the others live on
};

struct SubflowState {
  policy::Endpoint local;   // weir's side: the original destination, or a signalled address
  policy::Endpoint remote;  // the client's side
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;  // acknowledged by the client
  std::chrono::microseconds round_trip{0};
  std::uint32_t retransmissions = 0;
};

// SO_PROTOCOL: 262 where the client negotiated MPTCP (kernel-facts 4).
bool is_mptcp(int socket);

// Nothing on a plain TCP socket.
std::optional<MptcpState> mptcp_state(int socket);

// The subflows that are connected, and their counters.
// Fills `out` (cleared first, its capacity kept). MPTCP_FULL_INFO (Linux 6.5), else MPTCP_TCPINFO with
// MPTCP_SUBFLOW_ADDRS (Linux 5.16). `force_older_calls` exists for the test of the second way.
std::error_code read_subflows(int socket, std::vector<SubflowState>& out, bool force_older_calls = false);

}  // namespace weir::kernel
