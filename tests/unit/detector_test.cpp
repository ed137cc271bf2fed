// Detector: what a client's first bytes are, known as early as they tell, in any cutting.
#include "proxy/detect/detector.hpp"

#include <algorithm>
#include <memory>

#include "proxy/detect/http2_server.hpp"
#include "proxy/session/first_look.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/made_hello.hpp"

using namespace weir;
using detect::Detector;
using detect::Protocol;

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// From a copy of exactly its size on the heap: a sanitizer sees a byte read too far or too late.
Protocol look(Detector& detector, std::string_view bytes) {
  const auto copy = std::make_unique<std::uint8_t[]>(bytes.size());
  std::ranges::copy(bytes, copy.get());
  return detector.look({copy.get(), bytes.size()});
}

// However the bytes come: whole, in two pieces cut anywhere, one at a time.
Protocol detected(std::string_view text) {
  Detector at_once;
  const auto whole = look(at_once, text);
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    Detector detector;
    look(detector, text.substr(0, cut));
    if (look(detector, text.substr(cut)) != whole) FAIL_CHECK("another answer when cut at " << cut);
  }
  Detector slow;
  for (const char& c : text) look(slow, {&c, 1});
  CHECK(slow.protocol() == whole);
  return whole;
}

// After how many bytes there is an answer.
std::size_t bytes_until_known(std::string_view text) {
  Detector detector;
  std::size_t count = 0;
  while (detector.protocol() == Protocol::need_more && count < text.size()) look(detector, text.substr(count++, 1));
  return count;
}

}  // namespace

TEST_CASE("a request is seen, with its head", "[detector]") {
  const auto* const text = "GET /a/b?c=d HTTP/1.1\r\nHost: www.example:8080\r\nUser-Agent: curl/8\r\n\r\nbody";
  CHECK(detected(text) == Protocol::http1);
  Detector detector;
  look(detector, text);
  CHECK(detector.request().authority == "www.example:8080");
  CHECK(detector.request().path() == "/a/b");
  CHECK(detector.request().fields.get("user-agent") == "curl/8");
  CHECK(look(detector, "\x16\x03\x01") == Protocol::http1);  // it stays
}

TEST_CASE("a request of another kind", "[detector]") {
  const auto text =
      GENERATE(as<std::string>{}, "PROPFIND /dav HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
               "CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n\r\n",
               "averyveryverylongmethodthatnobodyhas / HTTP/1.1\r\nHost: a\r\n\r\n", "GET_IT / HTTP/1.0\r\n\r\n",
               "G3T / HTTP/1.1\r\nHost: a\r\n\r\n", "!#$%&'*+.^`|~ / HTTP/1.0\r\n\r\n",
               "M-SEARCH http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nGET / HTTP/1.0\r\n\r\n",
               "\n\r\n\r\r\nGET / HTTP/1.0\r\n\r\n");
  CAPTURE(text);
  CHECK(detected(text) == Protocol::http1);
}

TEST_CASE("what is no HTTP is seen as early as its bytes tell", "[detector]") {
  struct Row {
    std::string text;
    std::size_t bytes;
  };
  const auto row = GENERATE(values<Row>({
      {"\r\n\r\n+OK\r\n", 8},
      {"SSH-2.0-x\r\n", 10},
      {"\x80\x2eGET / HTTP/1.1\r\n\r\n", 3},  // as SSL 2.0's hello for two bytes
      {"*1\r\n$4\r\nPING\r\n", 3},
      {"  EHLO there\r\n\r\n", 13},
      {"EHLO there\r\n\r\n", 11},
      {"OPTIONS rtsp://a/ RTSP/1.0\r\n\r\n", 27},
      {"PRIVMSG #weir :hello\r\n", 21},
  }));
  CAPTURE(row.text);
  CHECK(detected(row.text) == Protocol::opaque);
  CHECK(bytes_until_known(row.text) == row.bytes);
}

TEST_CASE("wrong HTTP is no other protocol", "[detector]") {
  const auto line =
      GENERATE(as<std::string>{}, "Host : x", ": x", "Host x", " folded: x", "Host: a\x01z", "Host: a\nX: b",
               "H\xf6st: x", "Host: a\r\nHost: b", "X: y", "Host: a\r\nContent-Length: x");
  CAPTURE(line);
  CHECK(detected("GET / HTTP/1.1\r\n" + line + "\r\n\r\n") == Protocol::malformed);
}

TEST_CASE("a wrong first line that says HTTP is no other protocol", "[detector]") {
  const auto line = GENERATE(as<std::string>{}, "GET / HTTP/9.9\r\n", "GET / HTTP/1.2\r\n", "GET  / HTTP/1.1\r\n",
                             "GET / HTTP/1.1 \r\n", "GET /a b HTTP/1.1\r\n", "GET / HTTP/1.1\n",
                             "GET /\xc3\xa9 HTTP/1.1\r\n", "GET /#x HTTP/1.1\r\n", " GET / HTTP/1.1\r\n\r\n",
                             "\r\n\t GET / HTTP/1.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSX");
  CAPTURE(line);
  CHECK(detected(line) == Protocol::malformed);
}

TEST_CASE("what has a method of HTTP's is no other protocol", "[detector]") {
  const auto line = GENERATE(as<std::string>{}, "GET\x01 / HTTP/1.1\r\n", "GET\t/\tHTTP/1.1\r\n", "GET /\r\n",
                             "GET  / \r\n", "GET HTTP/1.1\r\n", "CONNECT\r\n");
  CAPTURE(line);
  CHECK(detected(line) == Protocol::malformed);
  CHECK(bytes_until_known(line) <= line.size());
  CHECK(detected("GETS" + line.substr(line.find_first_not_of("GETCON"))) != Protocol::malformed);
}

TEST_CASE("a head that does not end", "[detector]") {
  CHECK(detected("GET / HTTP/1.1\r\nHost: x") == Protocol::need_more);
  const auto largest = http::H1Limits{}.head;
  std::string text = "GET / HTTP/1.1\r\n";
  while (text.size() <= largest) text += "X-Field: " + std::string(1000, 'x') + "\r\n";
  Detector large;
  CHECK(look(large, text) == Protocol::malformed);
  Detector line;
  CHECK(look(line, "GET /" + std::string(largest, 'a')) == Protocol::malformed);
}

TEST_CASE("HTTP/2 in clear text, by its preface", "[detector]") {
  CHECK(detected(kPreface) == Protocol::http2);
  CHECK(detected(std::string(kPreface) + "frames") == Protocol::http2);
  CHECK(bytes_until_known(kPreface) == kPreface.size());
  for (std::size_t size = 1; size < kPreface.size(); ++size)
    CHECK(detected(kPreface.substr(0, size)) == Protocol::need_more);
  CHECK(detected("PRIME / HTTP/1.0\r\n\r\n") == Protocol::http1);
  CHECK(detected("\r\n" + std::string(kPreface)) == Protocol::malformed);
}

TEST_CASE("a server of HTTP/2 by its settings", "[detector]") {
  const auto opens = [](std::initializer_list<std::uint8_t> bytes) {
    return detect::opens_as_http2_server(std::span(bytes.begin(), bytes.size()));
  };
  CHECK(opens({0, 0, 0, 4, 0, 0, 0, 0, 0}));
  CHECK(opens({0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3}));
  CHECK_FALSE(opens({}));
  CHECK_FALSE(opens({0, 0, 0, 4, 0, 0, 0, 0}));
  CHECK_FALSE(opens({0, 0, 5, 4, 0, 0, 0, 0, 0}));
  CHECK_FALSE(opens({0, 0, 0, 4, 1, 0, 0, 0, 0}));
  CHECK_FALSE(opens({0, 0, 0, 4, 0, 0, 0, 0, 1}));
  CHECK_FALSE(opens({0, 0, 0, 6, 0, 0, 0, 0, 0}));
  CHECK_FALSE(opens({'2', '2', '0', ' ', 'r', 'e', 'a', 'd', 'y'}));
}

TEST_CASE("a patient wait is for what has begun", "[detector]") {
  struct Row {
    std::string text;
    bool begun;
  };
  const auto row = GENERATE(values<Row>({{"", false},
                                         {"\r\n\r\n", false},
                                         {"\r\nG", true},
                                         {"P", true},
                                         {"\x16", true},
                                         {"+", true},
                                         {" \t", false},
                                         {"\x01", false},
                                         {"GET / HTTP/1.0\r\n\r\n", false}}));
  CAPTURE(row.text);
  Detector detector;
  look(detector, row.text);
  CHECK(detector.has_begun() == row.begun);
}

TEST_CASE("line ends alone are awaited only for so long", "[detector]") {
  constexpr std::size_t kMost = 1024;
  CHECK(detected(std::string(kMost, '\n')) == Protocol::need_more);
  CHECK(detected(std::string(kMost + 1, '\n')) == Protocol::malformed);
  CHECK(detected(std::string(kMost, '\r') + "GET / HTTP/1.0\r\n\r\n") == Protocol::http1);
}

TEST_CASE("what a first look puts on record", "[detector]") {
  constexpr std::string_view kRequest = "PUT http://WWW.example:80/a?b HTTP/1.1\r\nHost: www.example\r\nA: b\r\n\r\n";
  session::FirstLook request;
  request.take({reinterpret_cast<const std::uint8_t*>(kRequest.data()), kRequest.size()});
  policy::Facts facts;
  request.add_to(facts);
  CHECK((facts.domain.is_unknown() && facts.request.is_unknown()));  // a request is judged by itself

  flow::Record record;
  session::note_names(record, request.detector());
  CHECK(record.domain == "www.example");
}
