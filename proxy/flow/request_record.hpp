// What is known of one request and its response: written out once when both are over. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/flow/record.hpp"

namespace weir::flow {

// What became of a request. The word for the flow is its disposition: inspect or decrypt.
enum class RequestEnd : std::uint8_t {
  finished,   // request and response went through whole
  blocked,    // policy says so: weir's page
  reset,      // policy says reset
  malformed,  // refused for its framing, or its response was
  timeout,    // it did not come in time
  cancelled,  // by the client: its reset, or its connection's end
  aborted,    // by the origin
  limit,      // more of something than weir allows
};
inline constexpr std::size_t kRequestEnds = static_cast<std::size_t>(RequestEnd::limit) + 1;
const char* name(RequestEnd);

// Views live as long as the call that takes the record.
struct RequestRecord {
  std::uint64_t flow = 0;
  std::uint64_t stream = 0;  // HTTP/2: the client's stream id; HTTP/1: 1, 2, … in the order of the connection
  std::chrono::system_clock::time_point started;
  const Record* of = nullptr;  // the flow's: client, destination, disposition
  std::string_view version;    // "HTTP/1.1", "HTTP/2", the client's
  std::string_view method;
  std::string_view scheme;
  std::string_view authority;
  std::string_view target;          // path and query
  std::optional<unsigned> status;   // sent to the client; none: it got no response
  std::uint64_t request_bytes = 0;  // of the bodies
  std::uint64_t response_bytes = 0;
  std::optional<std::chrono::microseconds> first_byte;  // of the response's head, since the request's head was read
  std::chrono::microseconds last_byte{0};
  std::string_view rule;  // empty: the defaults
  RequestEnd end = RequestEnd::finished;
  std::string_view fault;              // of malformed: what
  std::string_view cause;              // of blocked, where no rule says so: what does
  bool fronting = false;               // the authority is another name than the SNI
  std::optional<bool> name_confirmed;  // name and destination were seen to belong together; none: nobody asked
};

// One JSON object on one line, without the newline. `with_query`: the URL with its query. User information in a URL is
// never shown; header fields are none of it.
std::string to_json(const RequestRecord&, bool with_query);

}  // namespace weir::flow
