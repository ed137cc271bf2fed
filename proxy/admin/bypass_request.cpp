#include "proxy/admin/bypass_request.hpp"

#include <array>

#include <boost/json.hpp>

#include "conf/duration.hpp"

namespace weir::admin {
namespace {

using Parsed = boost::system::result<BypassRequest, std::string>;

constexpr auto kShape =
    "the body is JSON such as {\"what\": \"198.51.100.0/24\", \"for\": \"1h\", \"flows\": \"mptcp\"}";

Parsed failed(std::string why) { return {boost::system::in_place_error, std::move(why)}; }

}  // namespace

Parsed parse_bypass_request(std::string_view body) {
  using policy::Flows;
  boost::system::error_code error;
  const auto value = boost::json::parse({body.data(), body.size()}, error);
  if (error || !value.is_object()) return failed(kShape);
  BypassRequest request;
  bool has_duration = false;
  for (const auto& [key, member] : value.get_object()) {
    const auto* text = member.if_string();
    if (text == nullptr) return failed(kShape);
    const std::string_view word(text->data(), text->size());
    if (key == "what") {
      request.what = word;
    } else if (key == "for") {
      const auto duration = conf::parse_duration(word);
      if (!duration || *duration < std::chrono::seconds(1))
        return failed("for is a duration of at least a second, such as \"30m\" or \"2d\"");
      request.duration = std::chrono::ceil<std::chrono::seconds>(*duration);
      has_duration = true;
    } else if (key == "flows") {
      bool known = false;
      for (const auto flows : {Flows::mptcp, Flows::tcp, Flows::any}) {
        if (word != policy::name(flows)) continue;
        request.flows = flows;
        known = true;
      }
      if (!known) return failed("flows is \"mptcp\", \"tcp\" or \"any\"");
    } else {
      return failed(kShape);
    }
  }
  if (request.what.empty()) return failed("what is missing: an address, a prefix or a name");
  if (!has_duration) return failed("for is missing: how long the entry is to stay, such as \"1h\"");
  return request;
}

}  // namespace weir::admin
