#include "proxy/admin/kernel_counters.hpp"

#include <algorithm>
#include <charconv>

namespace weir::admin {
namespace {

std::string_view take_until(std::string_view& text, char end) {
  const auto part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

}  // namespace

std::vector<KernelCounter> parse_mptcp_counters(std::string_view netstat) {
  constexpr std::string_view kPrefix = "MPTcpExt: ";
  std::string_view names;
  std::string_view values;
  while (!netstat.empty()) {
    auto line = take_until(netstat, '\n');
    if (!line.starts_with(kPrefix)) continue;
    line.remove_prefix(kPrefix.size());
    (names.empty() ? names : values) = line;
  }
  std::vector<KernelCounter> counters;
  while (!names.empty() && !values.empty()) {
    const auto name = take_until(names, ' ');
    const auto digits = take_until(values, ' ');
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) continue;
    counters.push_back({std::string(name), value});
  }
  return counters;
}

}  // namespace weir::admin
