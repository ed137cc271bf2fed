#include "proxy/kernel/nft_text.hpp"

#include <cstdio>

#include "proxy/kernel/ruleset.hpp"

namespace weir::kernel {
namespace {

std::string hex(std::uint32_t value) {
  char text[11];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

std::string compared(std::string_view what, std::string_view how, std::uint32_t mark) {
  return std::string(what) + " & " + hex(kMarkMask) + " " + std::string(how) + " " + hex(mark);
}

template <typename Items, typename Show>
std::string list(const Items& items, Show show) {
  std::string text = "{ ";
  for (const auto& item : items) text += (text.size() > 2 ? ", " : "") + show(item);
  return text + " }";
}

}  // namespace

std::string has_mark(std::string_view what, std::uint32_t mark) { return compared(what, "==", mark); }
std::string has_not_mark(std::string_view what, std::uint32_t mark) { return compared(what, "!=", mark); }

std::string set_mark(std::string_view what, std::uint32_t mark) {
  return std::string(what) + " set " + std::string(what) + " & " + hex(~kMarkMask) + " | " + hex(mark);
}

std::string nft_list(const std::vector<std::string>& names) {
  return list(names, [](const std::string& name) { return '"' + name + '"'; });
}

std::string nft_list(const std::vector<std::uint16_t>& ports) {
  return list(ports, [](std::uint16_t port) { return std::to_string(port); });
}

}  // namespace weir::kernel
