// Tokens (RFC 9110, 5.6.2): methods, names of header fields, protocols.
#pragma once

#include <string>
#include <string_view>

namespace weir::conf {

bool is_token(std::string_view);
// In lower case, ASCII only.
std::string lower(std::string_view);

}  // namespace weir::conf
