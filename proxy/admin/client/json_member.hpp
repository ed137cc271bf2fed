// Members of answers that may be missing or of another type: another version's service may be the one that answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace weir::admin {

const boost::json::value& member(const boost::json::value& object, std::string_view name);
std::string text(const boost::json::value& object, std::string_view name);  // "-": none
std::uint64_t number(const boost::json::value& object, std::string_view name);
bool flag(const boost::json::value& object, std::string_view name);

}  // namespace weir::admin
