// What came from the network, as records show it.
#pragma once

#include <string_view>

#include <boost/json/storage_ptr.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

namespace weir::flow {

// Bytes that JSON has no words for, or that a terminal would obey, become '?'.
boost::json::string safe_text(std::string_view text, const boost::json::storage_ptr&);
// The same; null where there is none.
boost::json::value safe_or_null(std::string_view text, const boost::json::storage_ptr&);

}  // namespace weir::flow
