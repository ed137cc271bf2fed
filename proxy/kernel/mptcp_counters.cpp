#include "proxy/kernel/mptcp_counters.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace weir::kernel {
namespace {

std::string_view take_until(std::string_view& text, char end) {
  const auto part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

}  // namespace

// Of this thread's network namespace, which is where weir works.
std::map<std::string, std::uint64_t> mptcp_counters() {
  std::ifstream file("/proc/thread-self/net/netstat");
  return parse_mptcp_counters(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::map<std::string, std::uint64_t> parse_mptcp_counters(std::string_view netstat) {
  constexpr std::string_view kPrefix = "MPTcpExt: ";
  std::string_view names;
  std::string_view values;
  while (!netstat.empty()) {
    auto line = take_until(netstat, '\n');
    if (!line.starts_with(kPrefix)) continue;
    line.remove_prefix(kPrefix.size());
    (names.empty() ? names : values) = line;
  }
  std::map<std::string, std::uint64_t> counters;
  while (!names.empty() && !values.empty()) {
    const auto name = take_until(names, ' ');
    const auto digits = take_until(values, ' ');
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) continue;
    counters.emplace(name, value);
  }
  return counters;
}

}  // namespace weir::kernel
