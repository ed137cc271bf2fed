#include "conf/duration.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace weir::conf {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::pair<std::string_view, milliseconds>, 5> kUnits{{
    {"ms", milliseconds(1)},
    {"s", std::chrono::seconds(1)},
    {"m", std::chrono::minutes(1)},
    {"h", std::chrono::hours(1)},
    {"d", std::chrono::days(1)},
}};
constexpr milliseconds kLongest = std::chrono::days(3650);

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return milliseconds(0);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count < 0) return std::nullopt;
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, length] : kUnits) {
    if (unit != name) continue;
    if (count > kLongest / length) return std::nullopt;
    return length * count;
  }
  return std::nullopt;
}

}  // namespace weir::conf
