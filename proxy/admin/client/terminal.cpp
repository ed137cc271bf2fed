#include "proxy/admin/client/terminal.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace weir::admin {
namespace {

constexpr char32_t kNotUtf8 = 0xffffffff;

struct Character {
  char32_t code;
  std::size_t length;
};

// The first character of a text that is not empty; a byte that is not UTF-8 stands alone (RFC 3629, 4).
Character first(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {kNotUtf8, 1};
  char32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {kNotUtf8, 1};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kSmallest[length] || code > 0x10ffff || surrogate) return {kNotUtf8, 1};
  return {code, length};
}

bool obeyed(char32_t code) {
  const bool control = code < 0x20 || (code >= 0x7f && code <= 0x9f);
  const bool direction = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return control || direction || code == 0x2028 || code == 0x2029;
}

std::string formatted(const char* format, unsigned value) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);  // NOLINT(clang-diagnostic-format-nonliteral)
  return buffer.data();
}

std::string escape(char32_t code, unsigned char byte) {
  if (code == kNotUtf8 || code < 0x80) return formatted("\\x%02x", byte);
  return formatted("\\u{%04x}", static_cast<unsigned>(code));
}

std::string json_escape(char32_t code) {
  return formatted("\\u%04x", code == kNotUtf8 ? 0xfffdU : static_cast<unsigned>(code));
}

std::size_t width(std::string_view text) {
  std::size_t characters = 0;
  for (; !text.empty(); ++characters) text.remove_prefix(first(text).length);
  return characters;
}

std::string in_units(double value, const char* unit) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %s", value, unit);
  return buffer.data();
}

}  // namespace

std::string terminal_safe(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto [code, length] = first(text);
    if (obeyed(code) || code == kNotUtf8)
      result += escape(code, static_cast<unsigned char>(text.front()));
    else
      result += text.substr(0, length);
    text.remove_prefix(length);
  }
  return result;
}

std::string terminal_safe_json(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto [code, length] = first(text);
    const bool between_tokens = code == '\n' || code == '\t' || code == '\r';  // inside strings JSON has them escaped
    if ((obeyed(code) && !between_tokens) || code == kNotUtf8)
      result += json_escape(code);
    else
      result += text.substr(0, length);
    text.remove_prefix(length);
  }
  return result;
}

std::string cut(std::string_view text, std::size_t characters) {
  std::size_t length = 0;
  while (characters-- > 0 && length < text.size()) length += first(text.substr(length)).length;
  return std::string(text.substr(0, length));
}

std::string human_bytes(std::uint64_t count) {
  if (count < 1024) return std::to_string(count) + " B";
  constexpr std::array<const char*, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  constexpr double kRoundsUp = 1023.95;  // would show as 1024.0
  auto value = static_cast<double>(count) / 1024;
  std::size_t unit = 0;
  for (; value >= kRoundsUp; ++unit) value /= 1024;
  return in_units(value, kUnits[unit]);
}

std::string human_duration(std::chrono::milliseconds time) {
  const auto whole = [&](int seconds) { return time.count() / 1000 / seconds; };
  const auto pair = [](auto large, const char* unit, auto small, const char* small_unit) {
    return std::to_string(large) + " " + unit + " " + std::to_string(small) + " " + small_unit;
  };
  if (time.count() < 1000) return std::to_string(time.count()) + " ms";
  if (whole(60) == 0) return std::to_string(whole(1)) + " s";
  if (whole(3600) == 0) return pair(whole(60), "min", whole(1) % 60, "s");
  if (whole(86400) == 0) return pair(whole(3600), "h", whole(60) % 60, "min");
  return pair(whole(86400), "d", whole(3600) % 24, "h");
}

std::string table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines(1);
  for (const auto& column : columns) lines[0].push_back(column.title);
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (const auto& cell : row) line.push_back(terminal_safe(cell));
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  }
  std::string text;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string space(widths[i] - width(line[i]), ' ');
      const bool last = i + 1 == line.size();
      text += columns[i].number ? space + line[i] : line[i] + (last ? "" : space);
      text += last ? "\n" : "  ";
    }
  }
  return text;
}

}  // namespace weir::admin
