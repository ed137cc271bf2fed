#include "proxy/http/h1_writer.hpp"

#include "tests/unit/h1_readings.hpp"

using namespace weir::http;
using weir::test::text_of;

namespace {

Request request_to(std::string target) {
  Request request;
  request.method = "GET";
  request.authority = "a.example";
  request.target = std::move(target);
  return request;
}

Response response_with(unsigned status, Body body = {}) {
  Response response;
  response.status = status;
  response.body = body;
  return response;
}

std::string written(const Request& request, H1Framing framing) {
  std::string out;
  CHECK(write_head(request, out) == framing);
  return out;
}

std::string written(const Response& response, H1Framing framing, const H1Reader& client = {}) {
  std::string out;
  CHECK(write_head(response, client, out) == framing);
  return out;
}

constexpr Body kSized{.kind = Body::Kind::sized, .size = 12};
constexpr Body kStreamed{.kind = Body::Kind::streamed};
constexpr H1Reader kOldClient{.version = Version::http1_0};

}  // namespace

TEST_CASE("a request is written with Host first and its framing once", "[h1_writer]") {
  auto request = request_to("/x?y");
  request.fields.add("Accept", "*/*");
  for (const auto* mine :
       {"Host", "content-length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "Upgrade", "TE"})
    request.fields.add(mine, "gzip");
  CHECK(written(request, H1Framing::none) == "GET /x?y HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n");
  request.fields.clear();
  request.body = kSized;
  CHECK(written(request, H1Framing::sized) == "GET /x?y HTTP/1.1\r\nHost: a.example\r\nContent-Length: 12\r\n\r\n");
  request.body = kStreamed;
  CHECK(written(request, H1Framing::chunked) ==
        "GET /x?y HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST_CASE("what a request says of the connection", "[h1_writer]") {
  auto request = request_to("/");
  request.keeps_alive = false;
  CHECK(written(request, H1Framing::none) == "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
  request.keeps_alive = true;
  request.upgrade = "websocket";
  CHECK(written(request, H1Framing::none) ==
        "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  request.upgrade.clear();
  request.fields.add("te", "trailers");
  CHECK(written(request, H1Framing::none) ==
        "GET / HTTP/1.1\r\nHost: a.example\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
}

TEST_CASE("a request of HTTP/1.0 stays one", "[h1_writer]") {
  auto request = request_to("/");
  request.version = Version::http1_0;
  request.keeps_alive = false;
  CHECK(written(request, H1Framing::none) == "GET / HTTP/1.0\r\nHost: a.example\r\nConnection: close\r\n\r\n");
  request.authority.clear();
  request.keeps_alive = true;
  CHECK(written(request, H1Framing::none) == "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("a request of HTTP/2 gets a length where servers want one", "[h1_writer]") {
  auto request = request_to("/");
  request.version = Version::http2;
  CHECK(written(request, H1Framing::none) == "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  request.method = "POST";
  CHECK(written(request, H1Framing::none) == "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("a response is written with its framing once", "[h1_writer]") {
  auto response = response_with(200, kSized);
  response.fields.add("Date", "now");
  for (const auto* mine : {"Content-Length", "transfer-encoding", "Connection", "Keep-Alive", "Upgrade"})
    response.fields.add(mine, "7");
  CHECK(written(response, H1Framing::sized) == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 12\r\n\r\n");
  response.fields.clear();
  response.body = kStreamed;
  CHECK(written(response, H1Framing::chunked) == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(written(response_with(404), H1Framing::none) == "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  CHECK(written(response_with(299), H1Framing::none) == "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("a client of HTTP/1.0 gets no chunks", "[h1_writer]") {
  CHECK(written(response_with(200, kStreamed), H1Framing::until_close, kOldClient) ==
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  CHECK(written(response_with(200, kSized), H1Framing::sized, kOldClient) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\n");
  auto last = response_with(200, kSized);
  last.keeps_alive = false;
  for (const auto& client : {H1Reader{}, kOldClient})
    CHECK(written(last, H1Framing::sized, client) ==
          "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n");
}

TEST_CASE("responses without a body", "[h1_writer]") {
  for (const auto& body : {Body{}, kSized, kStreamed}) {
    CHECK(written(response_with(204, body), H1Framing::none) == "HTTP/1.1 204 No Content\r\n\r\n");
    CHECK(written(response_with(103, body), H1Framing::none) == "HTTP/1.1 103 Early Hints\r\n\r\n");
  }
  for (const auto status : {200U, 304U}) {
    const H1Reader client{.to_head = status != 304};
    const auto line = std::string(status == 200 ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 304 Not Modified\r\n");
    CHECK(written(response_with(status), H1Framing::none, client) == line + "\r\n");
    CHECK(written(response_with(status, kSized), H1Framing::none, client) == line + "Content-Length: 12\r\n\r\n");
    CHECK(written(response_with(status, kStreamed), H1Framing::none, client) ==
          line + "Transfer-Encoding: chunked\r\n\r\n");
    auto told = response_with(status);
    told.fields.add("Content-Length", "7");
    CHECK(written(told, H1Framing::none, client) == line + "Content-Length: 7\r\n\r\n");
  }
  CHECK(written(response_with(200, kStreamed), H1Framing::none, {.version = Version::http1_0, .to_head = true}) ==
        "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("a change of protocol", "[h1_writer]") {
  auto response = response_with(101, {.kind = Body::Kind::tunnel});
  response.upgrade = "websocket";
  CHECK(written(response, H1Framing::tunnel) ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
}

TEST_CASE("chunks", "[h1_writer]") {
  std::string out;
  write_chunk_head(0x1a2b3c, out);
  CHECK(out == "1a2b3c\r\n");
  out.clear();
  Fields trailers;
  write_last_chunk(trailers, out);
  CHECK(out == "0\r\n\r\n");
  out.clear();
  trailers.add("X-Sum", "1");
  trailers.add("Content-Length", "1");
  write_last_chunk(trailers, out);
  CHECK(out == "0\r\nX-Sum: 1\r\n\r\n");
}
