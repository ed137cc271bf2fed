// What a client asked for, as far as a certificate can be for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::pki {

// The 4 or 16 bytes of an address in text.
std::optional<std::vector<std::uint8_t>> address_in(const std::string& name);

// A DNS name without its trailing dot: labels of letters, digits, hyphens and underscores, the last of them no number.
std::optional<std::string_view> host_in(std::string_view name);

}  // namespace weir::pki
