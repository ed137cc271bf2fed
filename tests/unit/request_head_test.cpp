#include "proxy/http/request_head.hpp"

#include "tests/unit/catch.hpp"

using weir::http::RequestHead;
using State = RequestHead::State;

namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// However the bytes come: whole, in two pieces cut anywhere, one at a time.
State parsed(RequestHead& head, std::string_view text) {
  const auto whole = head.parse(bytes(text));
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    RequestHead other;
    auto state = other.parse(bytes(text.substr(0, cut)));
    if (state == State::need_more) state = other.parse(bytes(text));
    if (state != State::done) CHECK(state == whole);
    if (state == State::done) CHECK(whole == State::done);
  }
  RequestHead slow;
  auto state = State::need_more;
  for (std::size_t size = 1; size <= text.size() && state == State::need_more; ++size)
    state = slow.parse(bytes(text.substr(0, size)));
  CHECK(state == whole);
  return whole;
}

}  // namespace

TEST_CASE("a request's head tells method, host, path and fields", "[request_head]") {
  RequestHead head;
  const std::string text =
      "GET /a/b?c=d HTTP/1.1\r\nHost: www.example:8080\r\nUser-Agent: curl/8\r\nX: 1\r\nx: 2\r\n\r\nbody";
  REQUIRE(parsed(head, text) == State::done);
  CHECK(head.method() == "GET");
  CHECK(head.path() == "/a/b");
  CHECK(head.host() == "www.example:8080");
  CHECK(head.field("user-agent") == "curl/8");
  CHECK(head.field("Accept").empty());
  REQUIRE(head.fields().size() == 4);
  CHECK(head.fields()[3].value == "2");
}

TEST_CASE("forms of a target", "[request_head]") {
  struct Row {
    std::string line, host, path;
  };
  const auto row = GENERATE(values<Row>({
      {"GET / HTTP/1.1", "own.example", "/"},
      {"GET http://other.example/x?y HTTP/1.1", "other.example", "/x"},
      {"GET http://other.example HTTP/1.1", "other.example", ""},
      {"GET http://other.example?x HTTP/1.1", "other.example", ""},
      {"GET /redirect?to=http://x.example/ HTTP/1.1", "own.example", "/redirect"},
      {"OPTIONS * HTTP/1.1", "own.example", ""},
      {"CONNECT far.example:443 HTTP/1.1", "far.example:443", ""},
      {"PROPFIND /dav HTTP/1.0", "own.example", "/dav"},
  }));
  CAPTURE(row.line);
  RequestHead head;
  REQUIRE(parsed(head, row.line + "\r\nHost: own.example\r\n\r\n") == State::done);
  CHECK(head.host() == row.host);
  CHECK(head.path() == row.path);
}

TEST_CASE("what is no request is seen as early as its bytes tell", "[request_head]") {
  const auto text =
      GENERATE(as<std::string>{}, "\x16\x03\x01", " GET / HTTP/1.1\r\n\r\n", "\r\n", "SSH-2.0-x\r\n",
               "GET\x01 / HTTP/1.1\r\n\r\n", "EHLO there\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
               "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "averyveryverylongmethodthatnobodyhas / HTTP/1.1\r\n\r\n");
  CAPTURE(text);
  RequestHead head;
  CHECK(parsed(head, text) == State::not_http);
}

TEST_CASE("a request that is malformed is no other protocol", "[request_head]") {
  const auto line = GENERATE(as<std::string>{}, "Host : x", ": x", "Host x", " folded: x", "Host: a\x01z",
                             "Host: a\nX: b", "H\xf6st: x");
  CAPTURE(line);
  RequestHead head;
  CHECK(parsed(head, "GET / HTTP/1.1\r\n" + line + "\r\n\r\n") == State::malformed);
}

TEST_CASE("a head that does not end", "[request_head]") {
  RequestHead head;
  CHECK(head.parse(bytes("GET / HTTP/1.1\r\nHost: x")) == State::need_more);
  std::string text = "GET / HTTP/1.1\r\n";
  while (text.size() <= RequestHead::kLargest) text += "X-Field: some value\r\n";
  RequestHead large;
  CHECK(large.parse(bytes(text)) == State::too_large);
  RequestHead line;
  CHECK(line.parse(bytes("GET /" + std::string(RequestHead::kLargest, 'a'))) == State::too_large);
}
