#include "proxy/http/field_edits.hpp"

#include "tests/unit/h1_readings.hpp"

using namespace weir::http;
using weir::test::text_of;

namespace {

Fields fields(std::initializer_list<std::pair<std::string_view, std::string_view>> all) {
  Fields made;
  for (const auto& [name, value] : all) made.add(name, value);
  return made;
}

}  // namespace

TEST_CASE("what a rule removes and sets", "[http][field_edits]") {
  const weir::policy::HeaderEdits edits{.set_request = {{"X-Set", "1"}, {"New", "2"}},
                                        .remove_request = {"cookie", "absent"},
                                        .set_response = {{"A", "b"}},
                                        .remove_response = {"set-cookie"}};
  Request request;
  request.fields = fields({{"Cookie", "a"}, {"x-set", "0"}, {"Other", "o"}, {"COOKIE", "b"}, {"X-SET", "9"}});
  edit(request, edits);
  CHECK(text_of(request.fields) == "Other: o\nX-Set: 1\nNew: 2\n");
  Response response;
  response.fields = fields({{"Set-Cookie", "a"}, {"Cookie", "stays"}});
  edit(response, edits);
  CHECK(text_of(response.fields) == "Cookie: stays\nA: b\n");
}

TEST_CASE("alternatives by HTTP/3 are taken out of Alt-Svc", "[http][field_edits]") {
  const auto without = [](std::initializer_list<std::pair<std::string_view, std::string_view>> all) {
    auto some = fields(all);
    remove_http3_alternatives(some);
    return text_of(some);
  };
  CHECK(without({{"Alt-Svc", "h3=\":443\"; ma=86400, h3-29=\":443\""}}).empty());
  CHECK(without({{"alt-svc", "h2=\":443\", h3=\":443\""}}) == "alt-svc: h2=\":443\"\n");
  CHECK(without({{"Alt-Svc", "h2=\"a, h3=b\""}}) == "Alt-Svc: h2=\"a, h3=b\"\n");
  CHECK(without({{"Alt-Svc", "h2=\"a\\\", h3\""}}) == "Alt-Svc: h2=\"a\\\", h3\"\n");
  CHECK(without({{"Alt-Svc", "h3=\":1\""}, {"X", "y"}, {"Alt-Svc", "h2=\":2\""}}) == "X: y\nalt-svc: h2=\":2\"\n");
  CHECK(without({{"Alt-Svc", "clear"}}) == "Alt-Svc: clear\n");
  CHECK(without({{"Alt-Svc", "h3x=\":443\""}}) == "Alt-Svc: h3x=\":443\"\n");
  CHECK(without({{"Alt-Svc", "h3"}, {"Alt-Svc", ",, "}}).empty());
  CHECK(without({{"X", "h3=\":443\""}}) == "X: h3=\":443\"\n");
}

TEST_CASE("Via tells the version that was received", "[http][field_edits]") {
  auto some = fields({{"Via", "1.1 other"}});
  add_via(some, Version::http1_0);
  add_via(some, Version::http1_1);
  add_via(some, Version::http2);
  CHECK(text_of(some) == "Via: 1.1 other\nvia: 1.0 weir\nvia: 1.1 weir\nvia: 2 weir\n");
}

TEST_CASE("Forwarded tells who asked, and for what", "[http][field_edits]") {
  const auto forwarded = [](std::string_view client, std::string_view authority) {
    Request request;
    request.scheme = "ftp";
    request.authority = authority;
    add_forwarded(request, client, "https");
    return text_of(request.fields);
  };
  CHECK(forwarded("10.1.0.2", "a.example:8443") == "forwarded: for=10.1.0.2;host=\"a.example:8443\";proto=https\n");
  CHECK(forwarded("2001:db8::1", "[::1]") == "forwarded: for=\"[2001:db8::1]\";host=\"[::1]\";proto=https\n");
  CHECK(forwarded("10.1.0.2", "") == "forwarded: for=10.1.0.2;proto=https\n");
}

TEST_CASE("Cookie is one field in HTTP/1", "[http][field_edits]") {
  auto some = fields({{"cookie", "a=1"}, {"x", "y"}, {"Cookie", "b=2; c=3"}});
  join_cookies(some);
  CHECK(text_of(some) == "x: y\ncookie: a=1; b=2; c=3\n");
  auto one = fields({{"Cookie", "a=1"}});
  join_cookies(one);
  CHECK(text_of(one) == "Cookie: a=1\n");
}
