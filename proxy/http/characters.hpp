// Which bytes may be where in a message (RFC 9110, 5.6; RFC 9112, 3). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir::http {

enum Character : std::uint8_t {
  kToken = 1,       // of a method and of a field's name
  kText = 2,        // of a value: all but control characters
  kTargetChar = 4,  // visible and ASCII; without '#', which no target has and some servers end it at
  kHostChar = 8,    // of a registered name that is in use (RFC 3986, 3.2.2), without '%' and ','
  kHexDigit = 16,
  kDigit = 32,
};

namespace detail {

constexpr bool is_any_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned i = 0; i < classes.size(); ++i) {
    const char c = static_cast<char>(i);
    const bool digit = c >= '0' && c <= '9';
    const bool alphanumeric = digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool visible = i > 0x20 && i < 0x7f;
    unsigned known = 0;
    if (alphanumeric || is_any_of(c, "!#$%&'*+-.^_`|~")) known |= kToken;
    if (visible || i >= 0x80 || c == ' ' || c == '\t') known |= kText;
    if (visible && c != '#') known |= kTargetChar;
    if (alphanumeric || is_any_of(c, "-._~!$&'()*+;=")) known |= kHostChar;
    if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) known |= kHexDigit;
    if (digit) known |= kDigit;
    classes.at(i) = static_cast<std::uint8_t>(known);
  }
  return classes;
}

inline constexpr auto kClasses = make_classes();

}  // namespace detail

constexpr bool is(Character wanted, std::uint8_t byte) { return (detail::kClasses[byte] & wanted) != 0; }
constexpr bool is(Character wanted, char c) { return is(wanted, static_cast<std::uint8_t>(c)); }

constexpr bool all(Character wanted, std::string_view text) {
  for (const char c : text)
    if (!is(wanted, c)) return false;
  return true;
}

}  // namespace weir::http
