#include "proxy/http/message.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace weir::http {
namespace {

// RFC 9110, 7.6.1, and what older clients send to a proxy. Connection need not name them.
bool is_of_the_connection(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames{"connection", "keep-alive",        "proxy-connection",
                                                   "te",         "transfer-encoding", "upgrade"};
  return std::ranges::any_of(kNames, [name](std::string_view known) { return is_named(name, known); });
}

// What frames, routes or authenticates a message, or says what its content is.
bool bears_the_message(std::string_view name) {
  constexpr std::array<std::string_view, 18> kNames{"authorization",
                                                    "cache-control",
                                                    "content-encoding",
                                                    "content-length",
                                                    "content-range",
                                                    "content-type",
                                                    "cookie",
                                                    "expect",
                                                    "host",
                                                    "location",
                                                    "max-forwards",
                                                    "origin",
                                                    "proxy-authenticate",
                                                    "proxy-authorization",
                                                    "range",
                                                    "set-cookie",
                                                    "trailer",
                                                    "www-authenticate"};
  return std::ranges::any_of(kNames, [name](std::string_view known) { return is_named(name, known); });
}

bool is_before(std::string_view a, std::string_view b) {
  return std::ranges::lexicographical_compare(a, b, [](char left, char right) {
    const auto folded = [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; };
    return folded(left) < folded(right);
  });
}

// The fields that Connection names besides, sorted: a hostile list is long. Naming one that bears the message does not
// take it out, or a client could have an origin see another message than weir judged.
std::vector<std::string_view> names_in_connection(const Fields& fields) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto [name, list] = fields[i];
    if (!is_named(name, "connection")) continue;
    for (auto element = next_element(list); !element.empty(); element = next_element(list))
      if (!same_text(element, "close") && !is_of_the_connection(element) && !bears_the_message(element))
        names.push_back(element);
  }
  std::ranges::sort(names, is_before);
  return names;
}

}  // namespace

void Request::clear() {
  method.clear();
  scheme.clear();
  authority.clear();
  target.clear();
  protocol.clear();
  fields.clear();
  body = {};
  version = Version::http1_1;
  keeps_alive = true;
  upgrade.clear();
}

void Response::clear() {
  status = 0;
  fields.clear();
  body = {};
  version = Version::http1_1;
  keeps_alive = true;
  upgrade.clear();
}

void remove_connection_fields(Fields& fields) {
  const bool takes_trailers = fields.lists("te", "trailers");
  const auto named = names_in_connection(fields);
  fields.remove_if([&](const HeaderField& field) {
    return is_of_the_connection(field.name) || std::ranges::binary_search(named, field.name, is_before);
  });
  if (takes_trailers) fields.add("te", "trailers");
}

bool may_be_trailer(std::string_view name) { return !is_of_the_connection(name) && !bears_the_message(name); }

}  // namespace weir::http
