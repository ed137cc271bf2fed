// H1ResponseReader: where a response ends, and what is none, in any cutting.
#include "tests/unit/h1_readings.hpp"

using namespace weir::http;
using namespace weir::test;

namespace {

Fault fault_of(std::string_view stream, const H1Case& how = {}) { return read_responses(stream, how).fault; }

}  // namespace

TEST_CASE("where a response's body ends", "[h1_response]") {
  struct Row {
    const char* what;
    std::string stream;
    H1Message message;
    H1Case how{};
  };
  const std::vector<Row> rows{
      {"by its length",
       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello",
       {"200 1.1 sized 5 keep\nA: b\n", "hello", "", true}},
      {"of no length", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {"200 1.1 sized 0 keep\n", "", "", true}},
      {"by its last chunk",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
       {"200 1.1 streamed 0 keep\n", "hello", "X: y\n", true}},
      {"by the connection's end",
       "HTTP/1.1 200 OK\r\n\r\nhello",
       {"200 1.1 streamed 0 close\n", "hello", "", true},
       {.ends = true}},
      {"of HTTP/1.0",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello",
       {"200 1.0 streamed 0 close\nConnection: keep-alive\n", "hello", "", true},
       {.ends = true}},
      {"of HTTP/1.0, kept alive",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
       {"200 1.0 sized 1 keep\nConnection: keep-alive\n", "x", "", true}},
      {"with the head: 204",
       "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
       {"204 1.1 none 0 keep\n", "", "", true}},
      {"with the head: 204, chunked",
       "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n",
       {"204 1.1 none 0 keep\n", "", "", true}},
      {"with the head: 103",
       "HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n",
       {"103 1.1 none 0 keep\nConnection: close\n", "", "", true}},
      {"with the head: 304",
       "HTTP/1.1 304 x\r\nContent-Length: 005\r\nETag: x\r\n\r\n",
       {"304 1.1 none 0 keep\nETag: x\nContent-Length: 5\n", "", "", true}},
      {"with the head: to HEAD",
       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
       {"200 1.1 none 0 keep\nContent-Length: 5\n", "", "", true},
       {.to_head = true}},
      {"with the head: to HEAD, chunked",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       {"200 1.1 none 0 keep\n", "", "", true},
       {.to_head = true}},
      {"with the head: to HEAD, no length",
       "HTTP/1.1 200 OK\r\n\r\n",
       {"200 1.1 none 0 keep\n", "", "", true},
       {.to_head = true}},
      {"never: 101",
       "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nHTTP/1.1 raw\r",
       {"101 1.1 tunnel 0 keep upgrade=websocket\nConnection: Upgrade\nUpgrade: websocket\n", "HTTP/1.1 raw\r", "",
        false}},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    const auto reading = read_responses(row.stream, row.how);
    CHECK(reading.fault == Fault::none);
    REQUIRE(reading.messages.size() == 1);
    CHECK(reading.messages[0] == row.message);
    CHECK(reading.taken == row.stream.size());
  }
}

TEST_CASE("informational responses come before the final one", "[h1_response]") {
  const std::string informational = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string final = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
  const auto reading = read_responses(informational + informational + final);
  REQUIRE(reading.messages.size() == 3);
  CHECK(reading.messages[1].head == "100 1.1 none 0 keep\n");
  CHECK(reading.messages[2].body == "x");
}

TEST_CASE("what a response can be refused for", "[h1_response]") {
  struct Row {
    std::string stream;
    Fault fault;
  };
  const auto row = GENERATE(values<Row>({
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", Fault::start_line},
      {"ICY 200 OK\r\n\r\n", Fault::start_line},
      {"HTTP/1.1  200 OK\r\n\r\n", Fault::start_line},
      {"HTTP/1.1 99 OK\r\n\r\n", Fault::start_line},
      {"HTTP/1.1 099 OK\r\n\r\n", Fault::start_line},
      {"HTTP/1.1 600 OK\r\n\r\n", Fault::start_line},
      {"HTTP/1.1 2000 OK\r\n\r\n", Fault::start_line},
      {"HTTP/1.1 20x OK\r\n\r\n", Fault::start_line},
      {"HTTP/1.1\r\n\r\n", Fault::start_line},
      {"HTTP/1.1 200 O\x01K\r\n\r\n", Fault::character},
      {"HTTP/1.1 200 OK\n\r\n", Fault::line_ending},
      {"HTTP/1.1 200 OK\r\rA: b\r\n\r\n", Fault::line_ending},
      {"HTTP/2.0 200 OK\r\n\r\n", Fault::version},
      {"HTTP/1.2 200 OK\r\n\r\n", Fault::version},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", Fault::two_lengths},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx", Fault::two_lengths},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1 \t1\r\n\r\nx", Fault::length},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Fault::transfer_encoding},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Fault::transfer_encoding},
      {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Fault::folding},
      {"HTTP/1.1 200 OK\r\nSet-Cookie: a\rb\r\n\r\n", Fault::line_ending},
      {"HTTP/1.1 204 OK\r\nContent-Length: 5\r\n\r\nhello", Fault::start_line},  // a body where there is none
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 1\r\n\r\n",
       Fault::trailer},
  }));
  CAPTURE(row.stream);
  CHECK(std::string(name(fault_of(row.stream))) == name(row.fault));
}

TEST_CASE("a status line may end at the code", "[h1_response]") {
  const auto reading =
      read_responses("HTTP/1.1 404\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 \r\nContent-Length: 1\r\n\r\ny");
  CHECK(reading.fault == Fault::none);
  REQUIRE(reading.messages.size() == 2);
  CHECK(reading.messages[0].head == "404 1.1 sized 1 keep\n");
  CHECK(reading.messages[1].body == "y");
}

TEST_CASE("a connection that ends within a response", "[h1_response]") {
  const std::string stream = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
  for (std::size_t size = 1; size < stream.size(); ++size) {
    CAPTURE(size);
    CHECK(read_responses(stream.substr(0, size), {.ends = true}).fault == Fault::truncated);
  }
  CHECK(read_responses("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", {.ends = true}).fault == Fault::truncated);
  CHECK(read_responses("HTTP/3\r\n\r\n", {.ends = true}).fault == Fault::start_line);  // the first fault stays
  for (const auto& between : {std::string(), stream}) {
    const auto reading = read_responses(between, {.ends = true});
    CHECK(reading.fault == Fault::none);
    CHECK(reading.is_between_messages);
  }
}

TEST_CASE("responses to HEAD and to others take turns", "[h1_response]") {
  H1ResponseReader reader;
  Response response;
  const auto read = [&](std::string_view text) {
    return reader.read({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, response).event;
  };
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
  reader.expect(true);
  CHECK(read("HTTP/1.1 100 Continue\r\n\r\n") == H1Event::head);
  CHECK(read("") == H1Event::end);
  CHECK(read(head) == H1Event::head);
  CHECK(read("") == H1Event::end);
  reader.expect(false);
  CHECK(read(head) == H1Event::head);
  CHECK_FALSE(reader.is_between_messages());
  CHECK(read("") == H1Event::need_more);
  CHECK(read("x") == H1Event::body);
  CHECK(read("") == H1Event::end);
  CHECK(reader.is_between_messages());
}
