// RFC 3339 in UTC with milliseconds, as records and events show times.
#pragma once

#include <chrono>
#include <string>

namespace weir::flow {

std::string time_text(std::chrono::system_clock::time_point);

}  // namespace weir::flow
