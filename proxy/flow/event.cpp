#include "proxy/flow/event.hpp"

#include <boost/json.hpp>

#include "proxy/flow/safe_text.hpp"
#include "proxy/flow/time_text.hpp"

namespace weir::flow {

std::string to_json(const Event& event) {
  boost::json::object object;
  object["event"] = event.kind;
  object["at"] = time_text(event.at);
  object["sequence"] = event.sequence;
  for (const auto& [name, value] : event.fields) object[name] = safe_text(value, {});
  return boost::json::serialize(object);
}

}  // namespace weir::flow
