// What a client is told in place of what it asked for: an HTTP/1.1 response made here. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace weir::http {

// Why there is no answer of the origin's.
enum class Refused {
  by_policy,     // 403
  bad_upstream,  // 502: the origin is not to be believed, or not to be understood
};

struct BlockNotice {
  std::string_view name;    // host and path, as the client asked for them
  std::string_view rule;    // empty: no rule
  std::string_view flow;    // the flow's id
  std::string_view reason;  // one sentence or more
  Refused refused = Refused::by_policy;
};

enum class PageType { html, json, text };

// By the request's Accept field, empty where there is none: HTML or JSON where it names them, else plain text.
PageType page_type(std::string_view accept);

// The page alone, everything from the network escaped as its type asks.
std::string page_body(const BlockNotice&, PageType);

// 403 or 502 with the page, and the connection's end announced. `head`: the request was HEAD, so without the page
// itself.
std::string block_response(const BlockNotice&, PageType, bool head, std::chrono::system_clock::time_point now);

}  // namespace weir::http
