// SYNs that carry option 30, as the packet log hands them over.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "policy/address.hpp"

namespace weir::kernel {

struct MptcpSyn {
  enum class Subtype : std::uint8_t { capable, join, other } subtype = Subtype::other;  // RFC 8684 3.1, 3.2
  policy::Endpoint client;
  policy::Endpoint destination;
  std::uint32_t token = 0;  // MP_JOIN: the receiver's token, host order
};

// An IPv4 or IPv6 packet from its first byte. Pure; nothing where it is not a SYN with option 30, or is cut short.
std::optional<MptcpSyn> parse_mptcp_syn(std::span<const std::uint8_t> packet);

}  // namespace weir::kernel
