// Errors as RFC 9457 problem details.
#pragma once

#include <string_view>
#include <vector>

#include "conf/reader.hpp"
#include "proxy/admin/guard.hpp"
#include "proxy/admin/reply.hpp"

namespace weir::admin {

// The detail says what is wrong and what would be right. The title is the status's own phrase (RFC 9457, 4.2.1).
Reply problem(boost::beast::http::status, std::string_view detail);
// A configuration that could not be put in force, with every problem in it.
Reply problem(const std::vector<conf::Problem>&);
// For a refusal only.
Reply problem(Access);

}  // namespace weir::admin
