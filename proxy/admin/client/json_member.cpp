#include "proxy/admin/client/json_member.hpp"

#include <boost/json.hpp>

namespace weir::admin {

namespace json = boost::json;

const json::value& member(const json::value& object, std::string_view name) {
  static const json::value none;
  const auto* found = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  return found == nullptr ? none : *found;
}

std::string text(const json::value& object, std::string_view name) {
  const auto& value = member(object, name);
  if (value.is_null()) return "-";
  if (const auto* string = value.if_string()) return std::string(string->data(), string->size());
  return json::serialize(value);
}

std::uint64_t number(const json::value& object, std::string_view name) {
  boost::system::error_code error;
  const auto value = member(object, name).to_number<std::uint64_t>(error);
  return error ? 0 : value;
}

bool flag(const json::value& object, std::string_view name) {
  const auto* value = member(object, name).if_bool();
  return value != nullptr && *value;
}

std::string list(const json::value& object, std::string_view name) {
  std::string joined;
  const auto* array = member(object, name).if_array();
  if (array == nullptr) return "-";
  for (const auto& value : *array) {
    if (!joined.empty()) joined += ", ";
    joined += value.is_string() ? std::string(value.get_string().c_str()) : json::serialize(value);
  }
  return joined;
}

}  // namespace weir::admin
