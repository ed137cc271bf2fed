// What a client is told in place of what it asked for: a response made here. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "proxy/http/message.hpp"

namespace weir::http {

struct BlockNotice {
  std::string_view name;    // host and path, as the client asked for them
  std::string_view rule;    // empty: no rule
  std::string_view flow;    // the flow's id
  std::string_view reason;  // one sentence or more
  unsigned status = 403;
};

enum class PageType { html, json, text };

// By the request's Accept field, empty where there is none: HTML or JSON where it names them, else plain text.
PageType page_type(std::string_view accept);

// The page alone, everything from the network escaped as its type asks.
std::string page_body(const BlockNotice&, PageType);

// Makes `response` the one that answers `request` with the page, which is returned: empty for HEAD.
std::string fill_page(Response& response, const BlockNotice&, const Request& request,
                      std::chrono::system_clock::time_point now);

}  // namespace weir::http
