#include "policy/address.hpp"

#include <charconv>
#include <cstring>

#include <arpa/inet.h>

namespace weir::policy {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};  // inet_pton wants a terminated string, and stops at any NUL
  if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  text.copy(buffer.data(), text.size());
  Bytes bytes{};
  if (inet_pton(AF_INET6, buffer.data(), bytes.data()) == 1) return Address(bytes);
  std::memcpy(bytes.data(), kMappedPrefix.data(), kMappedPrefix.size());
  if (inet_pton(AF_INET, buffer.data(), bytes.data() + kMappedPrefix.size()) == 1) return Address(bytes);
  return std::nullopt;
}

bool Address::is_v4() const { return std::memcmp(bytes_.data(), kMappedPrefix.data(), kMappedPrefix.size()) == 0; }

bool Address::is_unspecified() const { return *this == Address{} || *this == v4(0, 0, 0, 0); }

bool Address::is_loopback() const {
  constexpr Address kLoopback6(Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  return is_v4() ? v4_bytes()[0] == 127 : *this == kLoopback6;
}

bool Address::is_multicast() const { return is_v4() ? (v4_bytes()[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes_.data() + kMappedPrefix.size() : bytes_.data(), buffer.data(),
            buffer.size());
  return buffer.data();
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = Address::parse(host);
  // A bare IPv6 address with a port would be ambiguous (RFC 3986, 3.2.2).
  if (!port || !address || bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  return Endpoint{*address, *port};
}

std::string Endpoint::text() const {
  const auto host = address.text();
  return (address.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(port);
}

}  // namespace weir::policy
