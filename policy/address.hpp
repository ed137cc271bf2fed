// Addresses as values: IPv4 and IPv6 in one type. Pure: parses and prints, knows no sockets.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir::policy {

// 16 bytes in network order. An IPv4 address is held as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), which is also how a
// dual-stack socket shows it, and prints as a.b.c.d.
class Address {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  constexpr Address() = default;  // ::
  explicit constexpr Address(const Bytes& network_order) : bytes_(network_order) {}
  static constexpr Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return Address(Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d});
  }
  // "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"; nothing else (no scope ids, no brackets).
  static std::optional<Address> parse(std::string_view text);

  bool is_v4() const;
  bool is_unspecified() const;  // 0.0.0.0 or ::
  bool is_loopback() const;     // 127.0.0.0/8 or ::1
  bool is_multicast() const;
  const Bytes& bytes() const { return bytes_; }
  std::span<const std::uint8_t, 4> v4_bytes() const { return std::span<const std::uint8_t, 4>(bytes_.data() + 12, 4); }
  std::string text() const;

  friend constexpr auto operator<=>(const Address&, const Address&) = default;

 private:
  Bytes bytes_{};
};

struct Endpoint {
  Address address;
  std::uint16_t port = 0;  // host order

  // "192.0.2.1:443" or "[2001:db8::1]:443".
  static std::optional<Endpoint> parse(std::string_view text);
  std::string text() const;

  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace weir::policy
