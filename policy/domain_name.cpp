#include "policy/domain_name.hpp"

#include <algorithm>
#include <array>

namespace weir::policy {
namespace {

constexpr std::size_t kLongestLabel = 63;

// What a byte of a name becomes: letters in lower case; 0 is for bytes that no name has.
constexpr std::array<char, 256> folding() {
  std::array<char, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = static_cast<char>(c - 'A' + 'a');
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = c;
  for (const char c : {'-', '_', '.'}) table[static_cast<unsigned char>(c)] = c;
  return table;
}
constexpr auto kFold = folding();

// The shape of an IPv4 address, or of the numbers that resolvers take for one: its last label is all digits (WHATWG
// URL, "ends in a number"). No top-level domain is.
bool ends_in_number(std::string_view name) {
  const auto last = name.substr(name.rfind('.') + 1);
  return std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<DomainName> DomainName::parse(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kLongest) return std::nullopt;
  std::string folded(text.size(), '\0');
  std::size_t label = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    folded[i] = kFold[static_cast<unsigned char>(text[i])];
    if (folded[i] == '\0') return std::nullopt;
    if (folded[i] == '.' ? label == 0 : label == kLongestLabel) return std::nullopt;
    label = folded[i] == '.' ? 0 : label + 1;
  }
  if (label == 0 || ends_in_number(folded)) return std::nullopt;
  return DomainName(std::move(folded));
}

std::optional<DomainName> DomainName::parse_host(std::string_view host) {
  const auto colon = host.find(':');
  if (colon != std::string_view::npos) {
    const auto port = host.substr(colon + 1);
    if (!std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    host = host.substr(0, colon);
  }
  return parse(host);
}

}  // namespace weir::policy
