// What a rule does to the header fields of the requests it decides, and of their responses.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace weir::policy {

struct HeaderEdits {
  using Field = std::pair<std::string, std::string>;  // name, value

  // What is set takes the place of all fields of its name. Names to be removed are in lower case.
  std::vector<Field> set_request;
  std::vector<std::string> remove_request;
  std::vector<Field> set_response;
  std::vector<std::string> remove_response;

  bool empty() const {
    return set_request.empty() && remove_request.empty() && set_response.empty() && remove_response.empty();
  }
};

}  // namespace weir::policy
