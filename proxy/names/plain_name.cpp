#include "proxy/names/plain_name.hpp"

#include <algorithm>

namespace weir::names {
namespace {

constexpr std::size_t kLongestName = 253;  // 255 on the wire (RFC 1035, 2.3.4)
constexpr std::size_t kLongestLabel = 63;

// Not the locale's idea of letters.
char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

bool is_plain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
}

bool is_plain_label(std::string_view label) {
  return !label.empty() && label.size() <= kLongestLabel && std::ranges::all_of(label, is_plain);
}

}  // namespace

std::optional<std::string> plain_name(std::string_view presentation) {
  if (presentation.size() > kLongestName) return std::nullopt;
  std::string name(presentation);
  std::ranges::transform(name, name.begin(), lower);
  for (std::string_view rest = name;;) {
    const auto dot = rest.find('.');
    if (!is_plain_label(rest.substr(0, dot))) return std::nullopt;
    if (dot == std::string_view::npos) return name;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace weir::names
