// Text for people at a terminal: sizes, times, columns, and nothing that the terminal would obey. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::admin {

// Control characters (C0, DEL, and C1 as UTF-8), direction overrides and what is not UTF-8 become \xNN or \u{NNNN}:
// names from the network must not move the cursor, rename the window, or show text out of order.
std::string terminal_safe(std::string_view);
// The same for JSON, where they become \uNNNN; the document still means the same.
std::string terminal_safe_json(std::string_view);

std::string human_bytes(std::uint64_t);
std::string human_duration(std::chrono::milliseconds);

// No more than that many characters.
std::string cut(std::string_view, std::size_t characters);

struct Column {
  std::string title;
  bool number = false;  // set to the right
};

// Aligned columns, two spaces apart, one line a row. What the cells hold is made safe here.
std::string table(const std::vector<Column>&, const std::vector<std::vector<std::string>>& rows);

}  // namespace weir::admin
