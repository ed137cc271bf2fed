// DNS messages (RFC 1035, 4) and packets around them, made by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::test {

using Packet = std::vector<std::uint8_t>;

inline constexpr std::uint16_t kA = 1;
inline constexpr std::uint16_t kCname = 5;
inline constexpr std::uint16_t kAaaa = 28;
inline constexpr std::uint16_t kHttps = 65;

inline Packet join(const std::vector<Packet>& parts) {
  Packet all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Packet u16(std::size_t value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}
inline Packet u32(std::uint32_t value) { return join({u16(value >> 16), u16(value & 0xffff)}); }

// Labels between dots; a dot within a label cannot be had.
inline Packet wire(std::string_view name) {
  Packet bytes;
  for (;;) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot);
    bytes.push_back(static_cast<std::uint8_t>(label.size()));
    bytes.insert(bytes.end(), label.begin(), label.end());
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  bytes.push_back(0);
  return bytes;
}

inline Packet question(const Packet& name, std::uint16_t type, std::uint16_t in_class = 1) {
  return join({name, u16(type), u16(in_class)});
}
inline Packet question(std::string_view name, std::uint16_t type) { return question(wire(name), type); }

inline Packet record(const Packet& owner, std::uint16_t type, std::uint32_t ttl, const Packet& data,
                     std::uint16_t in_class = 1) {
  return join({owner, u16(type), u16(in_class), u32(ttl), u16(data.size()), data});
}
inline Packet a(std::string_view owner, std::uint32_t ttl, std::uint8_t last) {
  return record(wire(owner), kA, ttl, {192, 0, 2, last});
}
inline Packet aaaa(std::string_view owner, std::uint32_t ttl, std::uint8_t last) {
  return record(wire(owner), kAaaa, ttl, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last});
}
inline Packet cname(std::string_view owner, std::uint32_t ttl, std::string_view target) {
  return record(wire(owner), kCname, ttl, wire(target));
}

inline constexpr std::uint16_t kAnswerFlags = 0x8180;  // response, recursion desired and available

inline Packet message(const Packet& asked, const std::vector<Packet>& answers, std::uint16_t flags = kAnswerFlags,
                      std::uint16_t questions = 1) {
  return join({u16(0x1234), u16(flags), u16(questions), u16(answers.size()), u16(0), u16(0), asked, join(answers)});
}

inline Packet udp(const Packet& payload, std::uint16_t from = 53) {
  return join({u16(from), u16(40000), u16(8 + payload.size()), u16(0), payload});
}

// 198.51.100.53 to 192.0.2.77.
inline Packet v4(const Packet& payload, const Packet& options = {}, std::uint8_t protocol = 17,
                 std::uint16_t fragment = 0) {
  const auto words = static_cast<std::uint8_t>((20 + options.size()) / 4);
  return join({{static_cast<std::uint8_t>(0x40 | words), 0},
               u16(20 + options.size() + payload.size()),
               u16(0),
               u16(fragment),
               {64, protocol, 0, 0, 198, 51, 100, 53, 192, 0, 2, 77},
               options,
               payload});
}

// 2001:db8::53 to 2001:db8::77.
inline Packet v6(const Packet& payload, std::uint8_t next_header = 17) {
  const auto address = [](std::uint8_t last) {
    return Packet{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
  };
  return join({{0x60, 0, 0, 0}, u16(payload.size()), {next_header, 64}, address(0x53), address(0x77), payload});
}

// An extension header of RFC 8200, `words` times eight bytes beyond the first eight.
inline Packet extension(std::uint8_t next_header, std::uint8_t words = 0) {
  Packet header((std::size_t{words} + 1) * 8);
  header[0] = next_header;
  header[1] = words;
  return header;
}

}  // namespace weir::test
