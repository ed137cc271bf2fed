#include "policy/prefix.hpp"

#include <algorithm>
#include <charconv>

namespace weir::policy {
namespace {

constexpr unsigned kAddressBits = 128;
constexpr std::uint8_t kAllOnes = 0xff;

// Of one byte of a mask of `bits` bits, the byte that begins at bit `at`.
std::uint8_t mask_byte(unsigned bits, unsigned at) {
  if (bits >= at + 8) return kAllOnes;
  if (bits <= at) return 0;
  return static_cast<std::uint8_t>(kAllOnes << (8 - (bits - at)));
}

// Whether `next` is the address right after `last`.
bool follows(const Address& last, const Address& next) {
  auto bytes = last.bytes();
  for (std::size_t i = bytes.size(); i-- > 0;)
    if (++bytes[i] != 0) return Address(bytes) == next;
  return false;
}

}  // namespace

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = Address::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Prefix(*address);
  // An IPv4 address written as IPv6 has the length of an IPv6 prefix.
  const bool written_as_v4 = address->is_v4() && text.find(':') == std::string_view::npos;
  const auto before = written_as_v4 ? kMappedBits : 0U;
  const auto digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || bits > kAddressBits - before) return std::nullopt;
  return Prefix(*address, before + bits);
}

bool Prefix::contains(const Address& other) const {
  if (is_v4() != other.is_v4()) return false;  // ::/0 is all of IPv6, as in the kernel's sets
  for (unsigned at = 0; at < bits_; at += 8)
    if (((address_.bytes()[at / 8] ^ other.bytes()[at / 8]) & mask_byte(bits_, at)) != 0) return false;
  return true;
}

Prefix Prefix::network() const {
  auto bytes = address_.bytes();
  for (unsigned at = 0; at < kAddressBits; at += 8) bytes[at / 8] &= mask_byte(bits_, at);
  return {Address(bytes), bits_};
}

Address Prefix::last() const {
  auto bytes = address_.bytes();
  for (unsigned at = 0; at < kAddressBits; at += 8) bytes[at / 8] |= static_cast<std::uint8_t>(~mask_byte(bits_, at));
  return Address(bytes);
}

std::string Prefix::text() const {
  if (bits_ == kAddressBits) return address_.text();
  return address_.text() + "/" + std::to_string(is_v4() ? bits_ - kMappedBits : bits_);
}

std::vector<AddressRange> ranges_of(const std::vector<Prefix>& prefixes) {
  std::vector<AddressRange> all;
  all.reserve(prefixes.size());
  for (const auto& prefix : prefixes) all.push_back({prefix.network().address(), prefix.last()});
  std::ranges::sort(all, {}, &AddressRange::first);
  std::vector<AddressRange> joined;
  for (const auto& range : all) {
    const bool joins = !joined.empty() && range.first.is_v4() == joined.back().first.is_v4() &&
                       (range.first <= joined.back().last || follows(joined.back().last, range.first));
    if (joins)
      joined.back().last = std::max(joined.back().last, range.last);
    else
      joined.push_back(range);
  }
  return joined;
}

}  // namespace weir::policy
