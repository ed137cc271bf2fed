// Members of answers that may be missing or of another type: another version's service may be the one that answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace weir::admin {

const boost::json::value& member(const boost::json::value& object, std::string_view name);
std::string text(const boost::json::value& object, std::string_view name);  // "-": none
std::uint64_t number(const boost::json::value& object, std::string_view name);
bool flag(const boost::json::value& object, std::string_view name);
// An array's elements, with commas between.
std::string list(const boost::json::value& object, std::string_view name);
// A table's rows: of each element of an array, `row(element)`.
template <typename Row>
std::vector<std::vector<std::string>> rows_of(const boost::json::value& object, std::string_view name, Row row) {
  std::vector<std::vector<std::string>> rows;
  if (const auto* array = member(object, name).if_array())
    for (const auto& entry : *array) rows.push_back(row(entry));
  return rows;
}

}  // namespace weir::admin
