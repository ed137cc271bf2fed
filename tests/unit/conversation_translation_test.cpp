// A message that changes its version of HTTP on the way.
#include "tests/unit/conversation_fixture.hpp"

using namespace weir::test;

namespace {

constexpr Pairing kUp{Speaks::http1, Speaks::http2};
constexpr Pairing kDown{Speaks::http2, Speaks::http1};

}  // namespace

TEST_CASE("a request goes from HTTP/1 to HTTP/2", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"GET http://b.example/a?b=c",
                                {{"Host", "b.example"},
                                 {"Connection", "keep-alive, X-Hop, TE"},
                                 {"Keep-Alive", "5"},
                                 {"Proxy-Connection", "keep-alive"},
                                 {"X-Hop", "x"},
                                 {"TE", "trailers, deflate"},
                                 {"Upgrade", "h2c"},
                                 {"X-Upper", "Value"}}});
        world.settle();
        world.expect_request(0, "GET b.example/a?b=c\nx-upper: Value\nte: trailers\n[]");
        world.expect(world.origin2().schemes, std::vector<std::string>{"http"});
        world.origin().respond(0, {"200", {{"Connection-Less", "1"}}, "c", true});
        world.settle();
        if (world.is_undisturbed())
          CHECK_THAT(world.client().received(),
                     ContainsSubstring("HTTP/1.1 200 OK\r\nconnection-less: 1\r\nContent-Length: 1\r\n\r\nc"));
        world.client().request({"OPTIONS *"});
        world.settle();
        world.expect(world.origin().got(1).head, "OPTIONS a.example*\n");
      },
      {.pairing = kUp});
}

TEST_CASE("a response goes from HTTP/1 to HTTP/2", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"GET /a", {{"te", "trailers"}}});
        world.settle();
        if (world.is_undisturbed())
          CHECK_THAT(world.origin().received(),
                     ContainsSubstring("GET /a HTTP/1.1\r\nHost: a.example\r\nTE: trailers\r\nConnection: TE\r\n\r\n"));
        world.origin().respond(0, {"200",
                                   {{"Connection", "keep-alive, x-hop"},
                                    {"Keep-Alive", "timeout=5"},
                                    {"X-Hop", "1"},
                                    {"TE", "trailers"},
                                    {"Upgrade", "h2"},
                                    {"Set-Cookie", "a"},
                                    {"Set-Cookie", "b"}},
                                   "aa"});
        world.settle();
        world.expect_response(0, "200\nset-cookie: a\nset-cookie: b\n[aa]");
      },
      {.pairing = kDown});
}

TEST_CASE("trailers that frame or route are left out where HTTP/1 would read them", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"POST /a", {}, "aa", false, 0, {{"x-sum", "1"}, {"host", "b"}, {"content-type", "x"}}});
        world.settle();
        world.expect(world.origin().got(0).trailers, "x-sum: 1\n");
      },
      {.pairing = kDown});
}

TEST_CASE("what an HTTP/2 origin cannot say of a body, HTTP/1 says", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"GET /a"});
        world.settle();
        world.origin().respond(0, {"200"});  // its head ends the stream
        world.settle();
        world.client().request({"HEAD /b"});
        world.settle();
        world.origin().respond(1, {"200", {{"content-length", "70"}}});
        world.settle();
        world.client().request({"GET /c"});
        world.settle();
        world.origin().respond(2, {"304", {{"content-length", "80"}}});
        world.settle();
        world.expect_response(0, "200\n[]");
        world.expect_response(1, "200\n[]");
        world.expect_response(2, "304\n[]");
        if (!world.is_undisturbed()) return;
        CHECK_THAT(world.client().received(), ContainsSubstring("200 OK\r\nContent-Length: 0\r\n\r\n"));
        CHECK_THAT(world.client().received(), ContainsSubstring("200 OK\r\nContent-Length: 70\r\n\r\n"));
        CHECK_THAT(world.client().received(), ContainsSubstring("304 Not Modified\r\nContent-Length: 80\r\n\r\n"));
      },
      {.pairing = kUp});
}

TEST_CASE("an HTTP/2 origin that resets cuts HTTP/1 off", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"GET /a"});
        world.settle();
        world.origin().respond(0, {"200", {}, "aaa", false, 0, {}, false});
        world.settle();
        world.origin().reset(0, NGHTTP2_NO_ERROR);
        world.settle();
        world.expect_response(0, "200\n[aaa] cut");
        world.expect(world.client().how_closed(), "abrupt");
        world.expect_records({"GET /a 200 aborted"});
      },
      {.pairing = kUp});
}
