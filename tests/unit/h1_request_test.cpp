// H1RequestReader: what is a request, what is none, in any cutting.
#include "tests/unit/h1_readings.hpp"

using namespace weir::http;
using namespace weir::test;

namespace {

// With a request behind it, so that what ends where is seen.
std::string first_head(std::string_view stream) {
  const auto reading = read_requests(stream);
  CHECK(reading.fault == Fault::none);
  return reading.messages.empty() ? "none" : reading.messages.front().head;
}

Fault fault_of(std::string_view stream, const H1Limits& limits = {}) {
  return read_requests(stream, {.limits = limits}).fault;
}

constexpr std::string_view kHost = "Host: a.example\r\n";

std::string get_with(std::string_view fields) {
  return "GET / HTTP/1.1\r\n" + std::string(kHost) + std::string(fields) + "\r\n";
}

}  // namespace

TEST_CASE("a request's head", "[h1_request]") {
  const auto reading = read_requests(
      "GET /a/b?c=d HTTP/1.1\r\nHost: www.example:8080\r\nUser-Agent: curl/8\r\nX:\r\nx: \t 2 \t\r\nY: "
      "\xc3\xa9\tz\r\n\r\n");
  CHECK(reading.fault == Fault::none);
  CHECK(reading.is_between_messages);
  REQUIRE(reading.messages.size() == 1);
  CHECK(reading.messages[0].head ==
        "GET |www.example:8080|/a/b?c=d 1.1 none 0 keep\nUser-Agent: curl/8\nX: \nx: 2\nY: \xc3\xa9\tz\n");
  CHECK(reading.messages[0].is_over);
}

TEST_CASE("requests one after the other", "[h1_request]") {
  const auto reading = read_requests(
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "CHUNKED\r\n\r\n5;a=b\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n"
      "\r\nPUT /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
      "GET /4 HTTP/1.0\r\n\r\n");
  CHECK(reading.fault == Fault::none);
  REQUIRE(reading.messages.size() == 4);
  CHECK(reading.messages[0] == H1Message{"POST |a|/1 1.1 sized 5 keep\n", "hello", "", true});
  CHECK(reading.messages[1] == H1Message{"POST |a|/2 1.1 streamed 0 keep\n", "hello0123456789", "X-Sum: 1\n", true});
  CHECK(reading.messages[2] == H1Message{"PUT |a|/3 1.1 sized 0 keep\n", "", "", true});
  CHECK(reading.messages[3] == H1Message{"GET ||/4 1.0 none 0 close\n", "", "", true});
}

TEST_CASE("what a request can be refused for", "[h1_request]") {
  struct Row {
    std::string stream;
    Fault fault;
  };
  const auto row = GENERATE(values<Row>({
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", Fault::line_ending},
      {get_with("A: b\n"), Fault::line_ending},
      {get_with("A: b\rc\r\n"), Fault::line_ending},
      {get_with("A: b\r\r\n"), Fault::line_ending},
      {get_with("A: b") + "\n", Fault::line_ending},
      {get_with(std::string_view("A: b\0c\r\n", 8)), Fault::character},
      {get_with("A: b\x7f\r\n"), Fault::character},
      {get_with("A\x01: b\r\n"), Fault::character},
      {"GET\x01 / HTTP/1.1\r\nHost: a\r\n\r\n", Fault::character},
      {"\r\n\r\n", Fault::start_line},
      {"GET /\r\n\r\n", Fault::start_line},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Fault::start_line},
      {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", Fault::start_line},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Fault::start_line},
      {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", Fault::start_line},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", Fault::start_line},
      {"G\xc9T / HTTP/1.1\r\nHost: a\r\n\r\n", Fault::start_line},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", Fault::start_line},
      {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", Fault::version},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", Fault::version},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", Fault::version},
      {get_with(": b\r\n"), Fault::field_name},
      {get_with("A : b\r\n"), Fault::field_name},
      {get_with("A\r\n"), Fault::field_name},
      {get_with("A(: b\r\n"), Fault::field_name},
      {get_with("\xc4: b\r\n"), Fault::field_name},
      {get_with("A: b\r\n c\r\n"), Fault::folding},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", Fault::folding},
      {get_with("Content-Length: +5\r\n"), Fault::length},
      {get_with("Content-Length: -5\r\n"), Fault::length},
      {get_with("Content-Length: 5,5\r\n"), Fault::length},
      {get_with("Content-Length: 5, 5\r\n"), Fault::length},
      {get_with("Content-Length: 0x5\r\n"), Fault::length},
      {get_with("Content-Length: 5 5\r\n"), Fault::length},
      {get_with("Content-Length: \r\n"), Fault::length},
      {get_with("Content-Length: 5;\r\n"), Fault::length},
      {get_with("Content-Length: 9223372036854775808\r\n"), Fault::length},
      {get_with("Content-Length: 18446744073709551621\r\n"), Fault::length},
      {get_with("Content-Length: 5\r\nContent-Length: 5\r\n"), Fault::two_lengths},
      {get_with("Content-Length: 5\r\nContent-Length: 6\r\n"), Fault::two_lengths},
      {get_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), Fault::two_lengths},
      {get_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), Fault::two_lengths},
      {get_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), Fault::transfer_encoding},
      {get_with("Transfer-Encoding: chunked, identity\r\n"), Fault::transfer_encoding},
      {get_with("Transfer-Encoding: gzip, chunked\r\n"), Fault::transfer_encoding},
      {get_with("Transfer-Encoding: xchunked\r\n"), Fault::transfer_encoding},
      {get_with("Transfer-Encoding: identity\r\n"), Fault::transfer_encoding},
      {get_with("Transfer-Encoding: \"chunked\"\r\n"), Fault::transfer_encoding},
      {get_with("Transfer-Encoding: chunked;a=b\r\n"), Fault::transfer_encoding},
      {get_with("Transfer-Encoding:\r\n"), Fault::transfer_encoding},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Fault::transfer_encoding},
      {get_with("Connection: close; x\r\n"), Fault::connection},
      {"GET / HTTP/1.1\r\n\r\n", Fault::host},
      {get_with("Host: a.example\r\n"), Fault::host},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", Fault::host},
      {"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", Fault::host_mismatch},
      {"GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", Fault::host_mismatch},
      {"GET http://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n", Fault::host_mismatch},
      {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", Fault::target},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", Fault::target},
      {"GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", Fault::target},
      {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", Fault::target},
      {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", Fault::target},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", Fault::target},
      {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", Fault::target},
      {"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", Fault::connect},
      {"CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n", Fault::target},
  }));
  CAPTURE(row.stream);
  CHECK(std::string(name(fault_of(row.stream))) == name(row.fault));
}

TEST_CASE("hosts", "[h1_request]") {
  for (const auto* host :
       {"a", "a.example:", "A.Example:80", "x_y-z.example:65535", "[::1]", "[2001:db8::1]:8080", "1.2.3.4"}) {
    CAPTURE(host);
    CHECK(first_head("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") ==
          "GET |" + std::string(host) + "|/ 1.1 none 0 keep\n");
  }
  for (const auto* host : {"",       ":80",       "a:b",      "a:65536",     "a:80:80", "a/b",    "a@b",  "a b",
                           "a,b",    "a%41",      "\xc3\xa9", "[::1",        "::1]",    "[::1]x", "[]",   "[",
                           "[g::1]", "[1.2.3.4]", "[:::1]",   "[fe80::1%1]", "a?b",     "a#b",    "a\\b", "<a>"}) {
    CAPTURE(host);
    CHECK(fault_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == Fault::host);
  }
}

TEST_CASE("forms of a request's target", "[h1_request]") {
  struct Row {
    std::string line, host, head;
  };
  const auto row = GENERATE(values<Row>({
      {"GET / HTTP/1.1", "own.example", "GET |own.example|/"},
      {"GET http://Own.example/x?y HTTP/1.1", "own.example", "GET http|own.example|/x?y"},
      {"GET HTTP://own.example:80 HTTP/1.1", "OWN.example", "GET http|OWN.example|/"},
      {"GET https://own.example?x HTTP/1.1", "own.example:443", "GET https|own.example:443|/?x"},
      {"GET http://own.example:/ HTTP/1.1", "own.example", "GET http|own.example|/"},
      {"GET /redirect?to=http://x.example/ HTTP/1.1", "own.example", "GET |own.example|/redirect?to=http://x.example/"},
      {"GET //x/y HTTP/1.1", "own.example", "GET |own.example|//x/y"},
      {"GET /\"<>[]{}|\\^` HTTP/1.1", "own.example", "GET |own.example|/\"<>[]{}|\\^`"},
      {"OPTIONS * HTTP/1.1", "own.example", "OPTIONS |own.example|*"},
      {"OPTIONS http://own.example HTTP/1.1", "own.example", "OPTIONS http|own.example|*"},
      {"PROPFIND /dav HTTP/1.1", "own.example", "PROPFIND |own.example|/dav"},
      {"m!#$%&'*+-.^_`|~ / HTTP/1.1", "own.example", "m!#$%&'*+-.^_`|~ |own.example|/"},
  }));
  CAPTURE(row.line);
  CHECK(first_head(row.line + "\r\nHost: " + row.host + "\r\n\r\n") == row.head + " 1.1 none 0 keep\n");
}

TEST_CASE("an absolute target's authority stands in for Host in HTTP/1.0", "[h1_request]") {
  CHECK(first_head("GET http://a:8080/x HTTP/1.0\r\n\r\n") == "GET http|a:8080|/x 1.0 none 0 close\n");
}

TEST_CASE("CONNECT is a fault with its head", "[h1_request]") {
  H1RequestReader reader;
  Request request;
  const std::string text = "CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\nUser-Agent: x\r\n\r\n";
  const auto step = reader.read({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, request);
  CHECK(step.event == H1Event::fault);
  CHECK(reader.fault() == Fault::connect);
  CHECK(text_of(request) == "CONNECT |far.example:443| 1.1 none 0 keep\nUser-Agent: x\n");
}

TEST_CASE("what the connection is to be used for", "[h1_request]") {
  struct Row {
    std::string version, fields, tail;
  };
  const auto row = GENERATE(values<Row>({
      {"1.1", "", "keep"},
      {"1.1", "Connection: close\r\n", "close"},
      {"1.1", "Connection: keep-alive, CLOSE\r\n", "close"},
      {"1.1", "Connection: x\r\nConnection: close\r\n", "close"},
      {"1.1", "Proxy-Connection: close\r\n", "keep"},
      {"1.0", "", "close"},
      {"1.0", "Connection: Keep-Alive\r\n", "keep"},
      {"1.0", "Connection: Keep-Alive, close\r\n", "close"},
      {"1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n", "keep upgrade=websocket"},
      {"1.1", "Connection: x, upgrade\r\nUpgrade: a\r\nUpgrade:\r\nUpgrade: b\r\n", "keep upgrade=a, b"},
      {"1.1", "Upgrade: websocket\r\n", "keep"},
      {"1.1", "Connection: Upgrade\r\n", "keep"},
      {"1.0", "Connection: Upgrade\r\nUpgrade: websocket\r\n", "close"},
  }));
  CAPTURE(row.version, row.fields);
  const auto head = first_head("GET / HTTP/" + row.version + "\r\nHost: a\r\n" + row.fields + "\r\n");
  CHECK(head.substr(0, head.find('\n')) == "GET |a|/ " + row.version + " none 0 " + row.tail);
}

TEST_CASE("what follows an upgrade is left alone", "[h1_request]") {
  H1RequestReader reader;
  Request request;
  const std::string head = get_with("Connection: Upgrade\r\nUpgrade: x\r\n");
  const auto text = head + "raw bytes";
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  CHECK(reader.read(bytes, request).taken == head.size());
  const auto step = reader.read(bytes.subspan(head.size()), request);
  CHECK(step.event == H1Event::end);
  CHECK(step.taken == 0);
}

TEST_CASE("between messages, and in one", "[h1_request]") {
  H1RequestReader reader;
  Request request;
  const auto read = [&](std::string_view text) {
    return reader.read({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, request).event;
  };
  CHECK(reader.is_between_messages());
  CHECK(read("\r") == H1Event::need_more);
  CHECK(read("\n") == H1Event::need_more);
  CHECK(reader.is_between_messages());  // RFC 9112, 2.2
  CHECK(read("P") == H1Event::need_more);
  CHECK_FALSE(reader.is_between_messages());
  CHECK(read("UT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") == H1Event::head);
  CHECK_FALSE(reader.is_between_messages());
  CHECK(read("0\r\na: b\r\n\r\n") == H1Event::end);
  CHECK(reader.is_between_messages());
  CHECK(reader.trailers().get("a") == "b");
  auto moved = std::move(reader);
  CHECK(moved.read({}, request).event == H1Event::need_more);
  CHECK(moved.trailers().empty());
}

TEST_CASE("limits of a head", "[h1_request]") {
  const auto head = get_with("A: b\r\nC: d\r\n");
  CHECK(fault_of(head, {.head = head.size(), .fields = 3}) == Fault::none);
  CHECK(fault_of(head, {.head = head.size() - 1}) == Fault::head_too_large);
  CHECK(fault_of(head, {.fields = 2}) == Fault::too_many_fields);
  CHECK(fault_of(head.substr(0, 20), {.head = 20}) == Fault::head_too_large);

  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 10000; ++i) many += "x:\r\n";
  H1RequestReader reader;
  Request request;
  const auto read = [&](std::string_view text) {
    return reader.read({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, request).event;
  };
  CHECK(read(many) == H1Event::fault);
  CHECK(reader.fault() == Fault::too_many_fields);
  CHECK(read("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == H1Event::fault);  // it stays
}

TEST_CASE("chunks that are none", "[h1_request]") {
  const auto body =
      GENERATE(as<std::string>{}, "\r\n", ";a\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n", "5 ;a\r\nhello\r\n",
               "0x5\r\nhello\r\n", "+5\r\nhello\r\n", "-1\r\n", "5\nhello\r\n", "5\rhello\r\n", "5\r\nhellox\r\n",
               "5\r\nhello\n", "5\r\nhello\r5\r\n", "g\r\n", "8000000000000000\r\n", "ffffffffffffffff\r\n",
               "10000000000000005\r\nhello\r\n", "00000000000000005\r\nhello\r\n", "5;\r\nhello\r\n",
               "5;=a\r\nhello\r\n", "5;a=\r\nhello\r\n", "5;a=\"\r\nhello\r\n", "5;a b\r\nhello\r\n",
               "5;a=\"\n\"\r\nhello\r\n", "5;a=\"x\"y\r\nhello\r\n", "0;a=\"\r\nx: \"\r\n\r\n", "0;a \r\n\r\n");
  CAPTURE(body);
  CHECK(std::string(name(fault_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body))) ==
        "chunk");
}

TEST_CASE("chunks that are some", "[h1_request]") {
  const auto body = GENERATE(as<std::string>{}, "5;a;b=c;d=\"e;\\\"\"\r\nhello\r\n0\r\n\r\n",
                             "0000000000000005\r\nhello\r\n0;x\r\n\r\n", "1\r\nh\r\n4\r\nello\r\n00\r\n\r\n",
                             "5; a = b\r\nhello\r\n000;c=d\r\n\r\n");
  CAPTURE(body);
  const auto reading =
      read_requests("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body + get_with(""));
  CHECK(reading.fault == Fault::none);
  REQUIRE(reading.messages.size() == 2);
  CHECK(reading.messages[0].body == "hello");
}

TEST_CASE("extensions without end", "[h1_request]") {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(fault_of(head + "1;abcde\r\nx\r\n1;fgh\r\nx\r\n0\r\n\r\n", {.extensions = 10}) == Fault::none);
  CHECK(fault_of(head + "1;abcde\r\nx\r\n1;fghi\r\nx\r\n0\r\n\r\n", {.extensions = 10}) == Fault::extension_too_large);
  CHECK(fault_of(head + "1;abcdefghij", {.extensions = 10}) == Fault::extension_too_large);
  CHECK(fault_of(head + "1;", {.extensions = 0}) == Fault::extension_too_large);
  CHECK(fault_of(head + "1;abc\r\nx\r\n0\r\n\r\n" + head + "1;abc\r\nx\r\n0\r\n\r\n", {.extensions = 4}) ==
        Fault::none);
}

TEST_CASE("trailers are held to what heads are", "[h1_request]") {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  CHECK(fault_of(head + "a: b\n\r\n") == Fault::line_ending);
  CHECK(fault_of(head + "a : b\r\n\r\n") == Fault::field_name);
  CHECK(fault_of(head + " a: b\r\n\r\n") == Fault::folding);
  CHECK(fault_of(head + "a: b\r\nc: d\r\n\r\n", {.fields = 1}) == Fault::too_many_fields);
  CHECK(fault_of(head + "a: " + std::string(100, 'b') + "\r\n\r\n", {.head = 100}) == Fault::head_too_large);
  for (const auto* name :
       {"Content-Length", "transfer-encoding", "Host", "Connection", "Keep-Alive", "TE", "Upgrade", "Trailer", "Cookie",
        "Content-Encoding", "Content-Type", "Content-Range", "Authorization", "Set-Cookie"}) {
    CAPTURE(name);
    CHECK(fault_of(head + name + ": 1\r\n\r\n") == Fault::trailer);
  }
}
