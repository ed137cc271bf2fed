#include "proxy/kernel/mptcp_info.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "proxy/kernel/mptcp_uapi.hpp"

namespace weir::kernel {
namespace {

// More than the path manager allows (8 beyond the first), for those that are still closing.
constexpr std::size_t kMostSubflows = 32;
constexpr std::uint32_t kFallbackFlag = MPTCP_INFO_FLAG_FALLBACK;

std::error_code last_error() { return {errno, std::system_category()}; }

policy::Endpoint endpoint_of(const __kernel_sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    std::array<std::uint8_t, 4> b{};
    std::memcpy(b.data(), &in.sin_addr, b.size());
    return {policy::Address::v4(b[0], b[1], b[2], b[3]), ntohs(in.sin_port)};
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &storage, sizeof in);
  policy::Address::Bytes bytes{};
  std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
  return {policy::Address(bytes), ntohs(in.sin6_port)};
}

SubflowState state_of(const mptcp_subflow_addrs& addresses, const tcp_info& info) {
  SubflowState state;
  state.local = endpoint_of(addresses.ss_local);
  state.remote = endpoint_of(addresses.ss_remote);
  state.bytes_received = info.tcpi_bytes_received;
  state.bytes_sent = info.tcpi_bytes_acked;
  state.round_trip = std::chrono::microseconds(info.tcpi_rtt);
  state.retransmissions = info.tcpi_total_retrans;
  return state;
}

// A first subflow that was reset or timed out stays in the kernel's list as a disconnected socket, without ports and
// with its counters at zero, for as long as the connection lives on the others.
void take(const mptcp_subflow_addrs& addresses, const tcp_info& info, std::vector<SubflowState>& out) {
  const auto state = state_of(addresses, info);
  if (state.local.port != 0 && state.remote.port != 0) out.push_back(state);
}

std::error_code read_full_info(int socket, std::vector<SubflowState>& out) {
  std::array<uapi::SubflowInfo, kMostSubflows> subflows{};
  std::array<tcp_info, kMostSubflows> infos{};
  uapi::FullInfo full{};
  full.size_tcpinfo_user = sizeof(tcp_info);
  full.size_sfinfo_user = sizeof(uapi::SubflowInfo);
  full.size_arrays_user = kMostSubflows;
  full.subflow_info = reinterpret_cast<std::uintptr_t>(subflows.data());
  full.tcp_info = reinterpret_cast<std::uintptr_t>(infos.data());
  socklen_t length = sizeof full;
  if (getsockopt(socket, uapi::kSolMptcp, uapi::kMptcpFullInfo, &full, &length) != 0) return last_error();
  const auto count = std::min<std::size_t>(full.num_subflows, kMostSubflows);
  for (std::size_t i = 0; i < count; ++i) take(subflows[i].addrs, infos[i], out);
  return {};
}

template <typename Element>
struct SubflowAnswer {
  mptcp_subflow_data header;
  std::array<Element, kMostSubflows> elements;
};

template <typename Element>
std::error_code ask(int socket, int option, SubflowAnswer<Element>& answer) {
  answer.header.size_subflow_data = sizeof answer.header;
  answer.header.size_user = sizeof(Element);
  socklen_t length = sizeof answer;
  if (getsockopt(socket, uapi::kSolMptcp, option, &answer, &length) != 0) return last_error();
  return {};
}

// Two calls: a subflow may come or go between them, so what does not pair by number is left out this time.
std::error_code read_older_calls(int socket, std::vector<SubflowState>& out) {
  SubflowAnswer<mptcp_subflow_addrs> addresses{};
  SubflowAnswer<tcp_info> infos{};
  if (const auto error = ask(socket, MPTCP_SUBFLOW_ADDRS, addresses)) return error;
  if (const auto error = ask(socket, MPTCP_TCPINFO, infos)) return error;
  const auto count = std::min({static_cast<std::size_t>(addresses.header.num_subflows),
                               static_cast<std::size_t>(infos.header.num_subflows), kMostSubflows});
  for (std::size_t i = 0; i < count; ++i) take(addresses.elements[i], infos.elements[i], out);
  return {};
}

// From the moment a connection falls back, the kernel hands its getsockopt calls to the one subflow that is left, which
// knows nothing of SOL_MPTCP and all of TCP_INFO.
bool has_fallen_back(int socket, const std::error_code& error) {
  return error == std::errc::no_protocol_option && is_mptcp(socket);
}

std::error_code read_fallen_back(int socket, std::vector<SubflowState>& out) {
  mptcp_subflow_addrs addresses{};
  tcp_info info{};
  socklen_t length = sizeof addresses.ss_local;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&addresses.ss_local), &length) != 0) return last_error();
  length = sizeof addresses.ss_remote;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&addresses.ss_remote), &length) != 0) return last_error();
  length = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return last_error();
  take(addresses, info, out);
  return {};
}

}  // namespace

bool is_mptcp(int socket) {
  int protocol = 0;
  socklen_t length = sizeof protocol;
  return getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 && protocol == uapi::kIpProtoMptcp;
}

std::optional<MptcpState> mptcp_state(int socket) {
  mptcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(socket, uapi::kSolMptcp, MPTCP_INFO, &info, &length) != 0) {
    if (has_fallen_back(socket, last_error())) return MptcpState{.fallback = true};
    return std::nullopt;
  }
  // Older kernels answer with less, newer ones with as much as there is room for; the token is in all.
  if (length < offsetof(mptcp_info, mptcpi_token) + sizeof info.mptcpi_token) return std::nullopt;
  return MptcpState{.token = info.mptcpi_token,
                    .fallback = (info.mptcpi_flags & kFallbackFlag) != 0,
                    .subflows = info.mptcpi_subflows + 1U};
}

std::error_code read_subflows(int socket, std::vector<SubflowState>& out, bool force_older_calls) {
  out.clear();
  auto error =
      force_older_calls ? std::make_error_code(std::errc::operation_not_supported) : read_full_info(socket, out);
  if (error == std::errc::operation_not_supported || error == std::errc::invalid_argument) {
    out.clear();
    error = read_older_calls(socket, out);
  }
  if (has_fallen_back(socket, error)) return read_fallen_back(socket, out);
  return error;
}

}  // namespace weir::kernel
