// The UDP datagram in an IP packet, as NFLOG hands packets over. Pure; the bytes are hostile.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "policy/address.hpp"

namespace weir::names {

struct UdpDatagram {
  policy::Endpoint source;
  policy::Endpoint destination;
  std::span<const std::uint8_t> payload;  // of the packet; shorter than was sent where the packet is cut short
};

// An IPv4 or IPv6 packet from its first byte. Nothing where it is not UDP, is a fragment, or ends before the payload.
std::optional<UdpDatagram> parse_udp_datagram(std::span<const std::uint8_t> packet);

}  // namespace weir::names
