// Durations as weir.toml writes them: "250ms", "10s", "5m", "1h", "2d".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace weir::conf {

// Whole numbers with one unit; at most ten years. "0" needs none.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace weir::conf
