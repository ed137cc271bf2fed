// Parsing of the packets NFLOG hands over. Pure; the bytes are hostile.
#include "proxy/kernel/mptcp_syn.hpp"

#include <algorithm>

namespace weir::kernel {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;
constexpr std::uint8_t kOptionEnd = 0;
constexpr std::uint8_t kOptionNop = 1;
constexpr std::uint8_t kOptionMptcp = 30;
constexpr int kMostExtensionHeaders = 8;

std::uint16_t u16(Bytes bytes, std::size_t at) { return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]); }

std::uint32_t u32(Bytes bytes, std::size_t at) { return (std::uint32_t{u16(bytes, at)} << 16) | u16(bytes, at + 2); }

struct Segment {
  policy::Address client;
  policy::Address destination;
  Bytes tcp;
};

policy::Address v4_address(Bytes bytes, std::size_t at) {
  return policy::Address::v4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

policy::Address v6_address(Bytes bytes, std::size_t at) {
  policy::Address::Bytes address{};
  std::ranges::copy(bytes.subspan(at, address.size()), address.begin());
  return policy::Address(address);
}

std::optional<Segment> parse_v4(Bytes packet) {
  constexpr std::size_t kShortest = 20;
  if (packet.size() < kShortest) return std::nullopt;
  const std::size_t header = std::size_t{packet[0] & 0x0fU} * 4;
  const bool first_fragment = (u16(packet, 6) & 0x1fff) == 0;
  if (header < kShortest || header > packet.size() || packet[9] != kTcp || !first_fragment) return std::nullopt;
  return Segment{v4_address(packet, 12), v4_address(packet, 16), packet.subspan(header)};
}

// RFC 8200, 4: hop-by-hop options, routing and destination options have a length of their own; a fragment is not a SYN
// weir would have intercepted.
bool has_length(std::uint8_t next_header) { return next_header == 0 || next_header == 43 || next_header == 60; }

std::optional<Segment> parse_v6(Bytes packet) {
  constexpr std::size_t kHeader = 40;
  if (packet.size() < kHeader) return std::nullopt;
  auto next = packet[6];
  auto rest = packet.subspan(kHeader);
  for (int i = 0; i < kMostExtensionHeaders && has_length(next); ++i) {
    if (rest.size() < 2) return std::nullopt;
    const std::size_t length = (std::size_t{rest[1]} + 1) * 8;
    if (length > rest.size()) return std::nullopt;
    next = rest[0];
    rest = rest.subspan(length);
  }
  if (next != kTcp) return std::nullopt;
  return Segment{v6_address(packet, 8), v6_address(packet, 24), rest};
}

// The MPTCP option of a TCP header, from its kind byte; nothing where it is not there or cut short.
std::optional<Bytes> find_mptcp_option(Bytes options) {
  std::size_t at = 0;
  while (at < options.size() && options[at] != kOptionEnd) {
    if (options[at] == kOptionNop) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size()) return std::nullopt;
    const std::size_t length = options[at + 1];
    if (length < 2 || at + length > options.size()) return std::nullopt;
    if (options[at] == kOptionMptcp) return options.subspan(at, length);
    at += length;
  }
  return std::nullopt;
}

void take_option(Bytes option, MptcpSyn& syn) {
  constexpr std::size_t kShortestJoin = 12;  // RFC 8684 3.2, figure 5
  if (option.size() < 3) return;
  const auto subtype = option[2] >> 4;
  if (subtype == 0) syn.subtype = MptcpSyn::Subtype::capable;
  if (subtype == 1 && option.size() >= kShortestJoin) {
    syn.subtype = MptcpSyn::Subtype::join;
    syn.token = u32(option, 4);
  }
}

}  // namespace

std::optional<MptcpSyn> parse_mptcp_syn(Bytes packet) {
  constexpr std::size_t kTcpHeader = 20;
  if (packet.empty()) return std::nullopt;
  const auto version = packet[0] >> 4;
  const auto segment = version == 4 ? parse_v4(packet) : version == 6 ? parse_v6(packet) : std::nullopt;
  if (!segment || segment->tcp.size() < kTcpHeader) return std::nullopt;
  const auto tcp = segment->tcp;
  const std::size_t header = std::size_t{static_cast<std::size_t>(tcp[12]) >> 4} * 4;
  if (header < kTcpHeader || header > tcp.size() || (tcp[13] & (kSyn | kAck)) != kSyn) return std::nullopt;
  const auto option = find_mptcp_option(tcp.subspan(kTcpHeader, header - kTcpHeader));
  if (!option) return std::nullopt;
  MptcpSyn syn;
  syn.client = {segment->client, u16(tcp, 0)};
  syn.destination = {segment->destination, u16(tcp, 2)};
  take_option(*option, syn);
  return syn;
}

}  // namespace weir::kernel
