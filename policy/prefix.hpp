// A block of addresses (RFC 4632, RFC 4291 2.3). Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/address.hpp"

namespace weir::policy {

class Prefix {
 public:
  static constexpr unsigned kMappedBits = 96;  // of ::ffff:0:0/96, before an IPv4 address

  // "192.0.2.0/24", "2001:db8::/32", or one address. Bits of the host part may be set, see `network`.
  static std::optional<Prefix> parse(std::string_view text);
  explicit Prefix(const Address& address) : address_(address) {}
  Prefix(const Address& address, unsigned bits) : address_(address), bits_(bits) {}  // `bits` of 128

  const Address& address() const { return address_; }
  unsigned bits() const { return bits_; }  // of the 128 of an Address
  bool is_v4() const { return address_.is_v4() && bits_ >= kMappedBits; }
  bool contains(const Address&) const;  // never an address of the other family
  // The same block, its host part all zeros.
  Prefix network() const;
  Address last() const;
  std::string text() const;  // "192.0.2.0/24"; one address without a length

  friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;

 private:
  Address address_;
  unsigned bits_ = 128;
};

// What the prefixes cover, as disjoint ranges in order: neighbours joined, what lies in another left out. Ranges of
// IPv4 come as IPv4.
struct AddressRange {
  Address first;
  Address last;
};
std::vector<AddressRange> ranges_of(const std::vector<Prefix>& prefixes);

}  // namespace weir::policy
