// Something an operator may want to know of that is not the end of a flow: an alert, a reload, rules put back.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weir::flow {

struct Event {
  std::uint64_t sequence = 0;  // counts up from 1, set by the log that takes the event
  std::chrono::system_clock::time_point at;
  std::string kind;                                         // "mptcp_syn", "rules_restored", "reload", …
  std::vector<std::pair<std::string, std::string>> fields;  // name, value; order kept
};

// One JSON object on one line, without the newline: {"event": kind, "at": RFC 3339, "sequence": n, fields…}
// Values are made safe (safe_text.hpp): names in them come from the network.
std::string to_json(const Event&);

}  // namespace weir::flow
