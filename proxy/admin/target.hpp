// A request's target, taken apart. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::admin {

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;  // name and value, decoded; order kept
};

// Origin form only (RFC 9112, 3.2.1): "/path?name=value&…". Nothing if it is another form or badly encoded.
std::optional<Target> parse_target(std::string_view text);

}  // namespace weir::admin
