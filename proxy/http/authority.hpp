// The host and port of a Host field or of an absolute target (RFC 3986, 3.2). Pure.
#pragma once

#include <string_view>

namespace weir::http {

// host[:port], the host a name in use or an IP literal. User information, percent-encoding and commas are refused: no
// host has them, and servers differ over them.
bool is_authority(std::string_view text);

// Whether both mean the same: case and the scheme's default port do not count. `scheme` in lower case.
bool is_same_authority(std::string_view a, std::string_view b, std::string_view scheme);

}  // namespace weir::http
