// The known word a mistyped one was meant to be.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace weir::conf {

// The nearest by edit distance with transpositions; nothing where none is near enough to be a typing error.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace weir::conf
