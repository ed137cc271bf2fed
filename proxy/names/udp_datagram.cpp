#include "proxy/names/udp_datagram.hpp"

#include <algorithm>

namespace weir::names {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t kUdp = 17;
constexpr int kMostExtensionHeaders = 8;

std::uint16_t u16(Bytes bytes, std::size_t at) { return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]); }

// What is behind a copy's end was cut off by NFLOG; what is behind the packet's own end is padding.
Bytes up_to(Bytes bytes, std::size_t size) { return bytes.first(std::min(bytes.size(), size)); }

struct Transport {
  policy::Address source;
  policy::Address destination;
  Bytes udp;
};

policy::Address v4_address(Bytes bytes, std::size_t at) {
  return policy::Address::v4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

policy::Address v6_address(Bytes bytes, std::size_t at) {
  policy::Address::Bytes address{};
  std::ranges::copy(bytes.subspan(at, address.size()), address.begin());
  return policy::Address(address);
}

std::optional<Transport> parse_v4(Bytes packet) {
  constexpr std::size_t kShortest = 20;
  constexpr std::uint16_t kFragment = 0x3fff;  // more to come, or an offset (RFC 791, 3.1)
  if (packet.size() < kShortest) return std::nullopt;
  const std::size_t header = std::size_t{packet[0] & 0x0fU} * 4;
  const auto whole = up_to(packet, u16(packet, 2));
  if (header < kShortest || header > whole.size() || packet[9] != kUdp || (u16(packet, 6) & kFragment) != 0)
    return std::nullopt;
  return Transport{v4_address(packet, 12), v4_address(packet, 16), whole.subspan(header)};
}

// RFC 8200, 4: hop-by-hop options, routing and destination options have a length of their own. A fragment header is not
// among them: fragments are refused.
bool has_length(std::uint8_t next_header) { return next_header == 0 || next_header == 43 || next_header == 60; }

std::optional<Transport> parse_v6(Bytes packet) {
  constexpr std::size_t kHeader = 40;
  if (packet.size() < kHeader) return std::nullopt;
  auto next = packet[6];
  auto rest = up_to(packet.subspan(kHeader), u16(packet, 4));
  for (int i = 0; i < kMostExtensionHeaders && has_length(next); ++i) {
    if (rest.size() < 2) return std::nullopt;
    const std::size_t length = (std::size_t{rest[1]} + 1) * 8;
    if (length > rest.size()) return std::nullopt;
    next = rest[0];
    rest = rest.subspan(length);
  }
  if (next != kUdp) return std::nullopt;
  return Transport{v6_address(packet, 8), v6_address(packet, 24), rest};
}

}  // namespace

std::optional<UdpDatagram> parse_udp_datagram(Bytes packet) {
  constexpr std::size_t kUdpHeader = 8;
  if (packet.empty()) return std::nullopt;
  const auto version = packet[0] >> 4;
  const auto found = version == 4 ? parse_v4(packet) : version == 6 ? parse_v6(packet) : std::nullopt;
  if (!found || found->udp.size() < kUdpHeader) return std::nullopt;
  const auto udp = up_to(found->udp, u16(found->udp, 4));
  if (udp.size() < kUdpHeader) return std::nullopt;
  return UdpDatagram{{found->source, u16(udp, 0)}, {found->destination, u16(udp, 2)}, udp.subspan(kUdpHeader)};
}

}  // namespace weir::names
