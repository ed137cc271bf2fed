#include "conf/idna.hpp"

#include <algorithm>
#include <idn2.h>
#include <memory>

namespace weir::conf {

std::optional<std::string> to_a_labels(std::string_view name) {
  if (std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return std::string(name);
  std::string text(name);
  // A wildcard's star is no label.
  const bool below = text.starts_with("*.");
  if (below) text.erase(0, 2);
  char* result = nullptr;
  if (idn2_to_ascii_8z(text.c_str(), &result, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) return std::nullopt;
  const std::unique_ptr<char, void (*)(void*)> owner(result, idn2_free);
  return (below ? "*." : "") + std::string(result);
}

}  // namespace weir::conf
