// The body of POST /api/v1/bypass. Pure.
#pragma once

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "proxy/admin/bypass_view.hpp"

namespace weir::admin {

// {"what": "198.51.100.0/24" or "media.example", "for": "1h", "flows": "mptcp"}; flows may be left out. An error is a
// sentence that says what would be right.
boost::system::result<BypassRequest, std::string> parse_bypass_request(std::string_view body);

}  // namespace weir::admin
