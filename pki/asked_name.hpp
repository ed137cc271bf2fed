// What a client asked for, as far as a certificate can be for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pki/openssl.hpp"

namespace weir::pki {

// The 4 or 16 bytes of an address in text.
std::optional<std::vector<std::uint8_t>> address_in(const std::string& name);

// A DNS name without its trailing dot: labels of letters, digits, hyphens and underscores, the last of them no number.
std::optional<std::string_view> host_in(std::string_view name);

// Whether the certificate has a wildcard for `host`: "*." in place of its first label, before at least two more (RFC
// 9525, 6.3).
bool has_wildcard_for(const X509&, std::string_view host);

}  // namespace weir::pki
