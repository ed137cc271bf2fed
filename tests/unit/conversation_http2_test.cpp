// A conversation with a client, or an origin, that speaks HTTP/2: streams side by side, their ends, the connection's.
#include "tests/unit/conversation_fixture.hpp"

using namespace weir::test;

namespace {

constexpr Pairing kTwo{Speaks::http2, Speaks::http2};
constexpr Pairing kDown{Speaks::http2, Speaks::http1};

void run_clients2(const Script& script, const Conditions& how = {}) {
  for (const auto& pairing : {kTwo, kDown}) {
    auto each = how;
    each.pairing = pairing;
    run(script, each);
  }
}

std::uint32_t code(const Got& got) { return got.reset.value_or(0xffff); }

}  // namespace

TEST_CASE("streams side by side", "[http][conversation]") {
  run(
      [](World& world) {
        for (const char* path : {"/a", "/b", "/c"}) world.client().request({std::string("GET ") + path});
        world.settle();
        world.expect(world.origin().seen(), 3U);
        world.origin().respond(2, {"200", {}, "c", true});
        world.origin().respond(0, {"200", {}, "aa", false, 0, {}, false});
        world.settle();
        world.expect_response(2, "200\n[c]");
        world.origin().respond(1, {"404", {}, "b"});
        world.origin().body(0, "a");
        world.origin().end(0);
        world.settle();
        world.expect_response(0, "200\n[aaa]");
        world.expect_response(1, "404\n[b]");
        world.expect(world.origin2().schemes, std::vector<std::string>{"https", "https", "https"});
      },
      {.pairing = kTwo});
}

TEST_CASE("streams wait their turn for an origin that speaks HTTP/1", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"GET /a"});
        world.client().request({"POST /b", {{"Cookie", "a=1"}, {"Cookie", "b=2"}}, "bbb", false, 0, {{"x-sum", "1"}}});
        world.client().request({"GET /blocked"});
        world.client().request({"POST /c"});
        world.settle();
        world.expect(world.origin().seen(), 1U);
        world.expect(world.client().got(2).head.substr(0, 3), "403");
        world.origin().respond(0, {"200", {}, "a", true});
        world.settle();
        world.expect_request(1, "POST a.example/b\ncookie: a=1; b=2\n[bbb]x-sum: 1\n");
        world.origin().respond(1, {"200", {}, "b", false, 0, {{"X-Sum", "2"}}});
        world.settle();
        world.origin().respond(2, {"200", {}, "c", true});
        world.settle();
        world.expect_response(0, "200\n[a]");
        world.expect_response(1, "200\n[b]x-sum: 2\n");
        world.expect_response(3, "200\n[c]");
        // A server may want a length of a POST without a body.
        if (world.is_undisturbed()) CHECK_THAT(world.origin().received(), ContainsSubstring("Content-Length: 0\r\n"));
      },
      {.pairing = kDown});
}

TEST_CASE("a stream that its client resets", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"GET /a"});
        world.client().request({"POST /b", {}, "b", false, 0, {}, false});
        world.settle();
        world.origin().respond(0, {"200", {}, "a", false, 0, {}, false});
        world.settle();
        world.client().reset(0, NGHTTP2_CANCEL);
        world.client().reset(1, NGHTTP2_CANCEL);
        world.client().request({"GET /c"});
        world.settle();
        world.expect(code(world.origin().got(0)), std::uint32_t{NGHTTP2_CANCEL});
        world.expect(code(world.origin().got(1)), std::uint32_t{NGHTTP2_CANCEL});
        world.origin().respond(2, {"200", {}, "c"});
        world.settle();
        world.expect_response(2, "200\n[c]");
        world.expect_records({"GET /a 200 cancelled", "POST /b 0 cancelled", "GET /c 200 finished"});
      },
      {.pairing = kTwo});
  run(
      [](World& world) {
        world.client().request({"GET /a"});
        world.client().request({"GET /b"});
        world.client().request({"GET /c"});
        world.settle();
        world.client().reset(1, NGHTTP2_CANCEL);  // it waits still
        world.settle();
        world.origin().respond(0, {"200", {}, "a"});
        world.settle();
        world.expect_request(1, "GET a.example/c\n[]");
        world.client().request({"GET /d"});
        world.client().reset(2, NGHTTP2_CANCEL);  // it is on: the connection is all that can be given up
        world.settle();
        world.expect(world.origin().how_closed(), "abrupt");
        world.expect(code(world.client().got(3)), std::uint32_t{NGHTTP2_REFUSED_STREAM});
        world.expect(world.client2().goaway.has_value(), true);
        world.expect(world.client().how_closed(), "in order");
      },
      {.pairing = kDown});
}

TEST_CASE("a stream that its origin resets", "[http][conversation]") {
  run(
      [](World& world) {
        for (const char* path : {"/a", "/b", "/c"}) world.client().request({std::string("GET ") + path});
        world.settle();
        world.origin().reset(0, NGHTTP2_REFUSED_STREAM);
        world.origin().respond(1, {"200", {}, "b", true, 10, {}, false});
        world.settle();
        world.origin().reset(1, NGHTTP2_NO_ERROR);
        world.settle();
        world.origin().respond(2, {"200", {}, "c"});
        world.settle();
        world.expect(code(world.client().got(0)), std::uint32_t{NGHTTP2_REFUSED_STREAM});
        world.expect(code(world.client().got(1)), std::uint32_t{NGHTTP2_INTERNAL_ERROR});
        world.expect_response(2, "200\n[c]");
        world.expect_records({"GET /a 0 aborted", "GET /b 200 aborted", "GET /c 200 finished"});
      },
      {.pairing = kTwo});
}

TEST_CASE("an early response and NO_ERROR ends the upload", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"POST /a", {}, "a", false, 0, {}, false});
        world.settle();
        world.origin().respond(0, {"413", {}, "a", true});
        world.settle();
        world.origin().reset(0, NGHTTP2_NO_ERROR);
        world.settle();
        world.expect_response(0, "413\n[a]");
        world.client().body(0, std::string(1'000'000, 'a'));
        world.client().end(0);
        world.settle();
        world.expect(world.client2().unsent(0), 0U);
        world.client().request({"GET /b"});
        world.settle();
        world.origin().respond(1, {"200", {}, "b"});
        world.settle();
        world.expect_response(1, "200\n[b]");
      },
      {.pairing = kTwo, .small = false});
  run_clients2([](World& world) {
    world.client().request({"POST /blocked", {}, "d", false, 0, {}, false});
    world.settle();
    world.expect(world.client().got(0).head.substr(0, 3), "403");
    world.expect(world.client().got(0).whole, true);
    world.expect(code(world.client().got(0)), 0xffffU);  // closed, and without an error
    world.expect(nghttp2_session_find_stream(world.client2().session(), 1) == nullptr, true);
    world.expect(world.conversation().is_idle(), true);
  });
}

TEST_CASE("an origin that takes no more requests", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"GET /a"});
        world.settle();
        world.origin().respond(0, {"200", {}, "a", false, 0, {}, false});
        world.origin().go_away(NGHTTP2_ENHANCE_YOUR_CALM);
        world.settle();
        world.expect(world.client2().goaway.value_or(99), std::uint32_t{NGHTTP2_NO_ERROR});
        world.origin().body(0, "aa");
        world.origin().end(0);
        world.settle();
        world.expect_response(0, "200\n[aaa]");
        world.expect(world.client().how_closed(), "in order");
        world.expect(world.origin().how_closed(), "in order");
        world.expect(world.conversation().cause().has_value(), false);
      },
      {.pairing = kTwo});
  run(
      [](World& world) {
        for (const char* path : {"/a", "/b", "/c"}) world.client().request({std::string("GET ") + path});
        world.settle();
        world.origin().respond(0, {"200", {{"Connection", "close"}}, "aa", true});
        world.settle();
        world.expect_response(0, "200\n[aa]");
        world.expect(code(world.client().got(1)), std::uint32_t{NGHTTP2_REFUSED_STREAM});
        world.expect(code(world.client().got(2)), std::uint32_t{NGHTTP2_REFUSED_STREAM});
        world.expect(world.client2().goaway.has_value(), true);
        std::ranges::sort(world.supervisor.recorded);
        world.expect_records({"GET /a 200 finished", "GET /b 0 aborted", "GET /c 0 aborted"});
      },
      {.pairing = kDown});
}

TEST_CASE("a client that says it goes", "[http][conversation]") {
  run_clients2([](World& world) {
    world.client().request({"GET /a"});
    world.client().request({"GET /b"});
    world.settle();
    world.client().go_away();
    world.settle();
    world.origin().respond(0, {"200", {}, "a", true});
    world.settle();
    world.origin().respond(1, {"200", {}, "b", true});
    world.settle();
    world.expect_response(0, "200\n[a]");
    world.expect_response(1, "200\n[b]");
    world.expect(world.client().how_closed(), "in order");
    world.expect(world.origin().how_closed(), "in order");
  });
}

TEST_CASE("an origin's limit of streams is kept in weir", "[http][conversation]") {
  run(
      [](World& world) {
        world.settle();
        for (const char* path : {"/a", "/b", "/c"}) world.client().request({std::string("GET ") + path});
        world.settle();
        world.expect(world.origin().seen(), 1U);
        world.client().reset(1, NGHTTP2_CANCEL);
        world.settle();
        world.expect(world.supervisor.recorded.size(), 1U);
        world.origin().respond(0, {"200", {}, "a"});
        world.settle();
        world.expect_request(1, "GET a.example/c\n[]");
        world.origin().respond(1, {"200", {}, "c"});
        world.settle();
        world.expect_response(2, "200\n[c]");
        world.expect(world.conversation().is_idle(), true);
      },
      {.pairing = kTwo, .origin_settings = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1}}});
}

TEST_CASE("extended CONNECT is offered where the origin takes it", "[http][conversation]") {
  const FieldList protocol{{":protocol", "websocket"}, {":scheme", "https"}, {":authority", "a.example"}};
  run(
      [&](World& world) {
        world.settle();
        if (!world.is_undisturbed()) return;
        CHECK(nghttp2_session_get_remote_settings(world.client2().session(),
                                                  NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1);
        world.client().request({"CONNECT /a", protocol, "aa", false, 0, {}, false});
        world.settle();
        world.expect_request(0, "CONNECT a.example/a\n[aa] cut");
        world.origin().respond(0, {"200", {}, "aa", false, 0, {}, false});
        world.settle();
        world.client().body(0, "a");
        world.client().end(0);
        world.settle();
        world.expect_request(0, "CONNECT a.example/a\n[aaa]");
        world.origin().body(0, "a");
        world.origin().end(0);
        world.settle();
        world.expect_response(0, "200\n[aaa]");
        world.expect_records({"CONNECT /a 200 finished"});
      },
      {.pairing = kTwo, .origin_settings = {{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}}});
  for (const auto& pairing : {kTwo, kDown}) {
    World world({.pairing = pairing});
    world.client().request({"CONNECT /a", protocol, "aa", false, 0, {}, false});
    world.settle();
    CHECK(code(world.client().got(0)) == NGHTTP2_PROTOCOL_ERROR);
    CHECK(world.origin().seen() == 0);
  }
}

TEST_CASE("CONNECT is not served", "[http][conversation]") {
  run_clients2([](World& world) {
    world.client().request({"GET /a", {{":scheme", "https"}, {":authority", "a.example"}}});
    world.settle();
    world.expect(world.origin().seen(), 1U);
  });
  World world({.pairing = kTwo});
  const auto nv = [](std::string_view name, std::string_view value) {
    return nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                      reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), 0};
  };
  const std::vector<nghttp2_nv> head{nv(":method", "CONNECT"), nv(":authority", "a.example:443")};
  nghttp2_submit_request(world.client2().session(), nullptr, head.data(), head.size(), nullptr, nullptr);
  world.settle();
  CHECK(world.client().got(0).head.substr(0, 3) == "405");
}

TEST_CASE("a request that is none resets its stream, or is told so", "[http][conversation]") {
  struct Row {
    std::string start;
    FieldList fields;
    std::string status;  // empty: the stream is reset
  };
  const FieldList rest{{":scheme", "https"}, {":authority", "a.example"}};
  const auto with = [](FieldList fields, const FieldList& more) {
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  };
  const auto row = GENERATE_COPY(values<Row>({
      {"GET /a b", rest, ""},
      {"GET /a\r\nX: y", rest, ""},
      {"G(T /a", rest, ""},
      {"GET a", rest, ""},
      {"GET *", rest, ""},
      {"GET /a", {{":scheme", "https"}}, ""},
      {"GET /a", with(rest, {{":scheme", "https"}}), ""},
      {"GET /a", with(rest, {{":x", "1"}}), ""},
      {"GET /a", with(rest, {{"x", "a\r\nb: c"}}), ""},
      {"GET /a", with(rest, {{"x y", "1"}}), ""},
      {"GET /a", with(rest, {{"connection", "close"}}), ""},
      {"GET /a", with(rest, {{"transfer-encoding", "chunked"}}), ""},
      {"GET /a", with(rest, {{"te", "gzip"}}), ""},
      {"GET /a", with(rest, {{"content-length", "x"}}), ""},
      {"GET /a", with(rest, {{"content-length", "1"}, {"content-length", "1"}}), ""},
      {"GET /a\xff", rest, "400"},
      {"GET /a#b", rest, "400"},
      {"GET /a", {{":scheme", "ftp"}, {":authority", "a.example"}}, "400"},
      {"GET /a", {{":scheme", "https"}, {":authority", "u@a.example"}}, "400"},
      {"GET /a", {{":scheme", "https"}, {":authority", "a.example,b.example"}}, "400"},
      {"GET /a", with(rest, {{"x", std::string(30'000, 'x')}, {"y", std::string(40'000, 'y')}}), "431"},
  }));
  for (const auto& pairing : {kTwo, kDown}) {
    INFO(pairing.name() << ' ' << row.start << ' ' << (row.fields.empty() ? "" : row.fields.back().first));
    World world({.pairing = pairing});
    world.client().request({row.start, row.fields});
    world.client().request({"GET /b"});
    world.settle();
    if (row.status.empty())
      CHECK(code(world.client().got(0)) == NGHTTP2_PROTOCOL_ERROR);
    else
      CHECK(world.client().got(0).head.substr(0, 3) == row.status);
    CHECK(world.origin().seen() == 1);
    world.expect_request(0, "GET a.example/b\n[]");
    CHECK(world.supervisor.judged == 1);
    world.origin().respond(0, {"200", {}, "b"});
    world.settle();
    world.expect_response(1, "200\n[b]");
    REQUIRE(world.supervisor.recorded.size() == 2);
    CHECK_THAT(world.supervisor.recorded[0], ContainsSubstring(row.status == "431" ? "limit" : "malformed"));
    require_clean_end(world);
  }
}

TEST_CASE("Host and :authority are to agree", "[http][conversation]") {
  World world({.pairing = kTwo});
  const auto ask = [&](std::string_view host) {
    const auto nv = [](std::string_view name, std::string_view value) {
      return nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), 0};
    };
    const std::vector<nghttp2_nv> head{nv(":method", "GET"), nv(":scheme", "https"), nv(":authority", "a.example"),
                                       nv(":path", "/a"), nv("host", host)};
    nghttp2_submit_request(world.client2().session(), nullptr, head.data(), head.size(), nullptr, nullptr);
    world.settle();
  };
  ask("b.example");
  CHECK(world.client().got(0).head.substr(0, 3) == "400");
  ask("A.example:443");
  world.expect_request(0, "GET a.example/a\n[]");
}

TEST_CASE("a body that is not as long as it says", "[http][conversation]") {
  run_clients2([](World& world) {
    world.client().request({"POST /a", {}, "aaa", true, 10});
    world.settle();
    world.expect(code(world.client().got(0)), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
    world.expect(world.origin().got(0).whole, false);
  });
  for (const auto client : {Speaks::http1, Speaks::http2})
    run(
        [](World& world) {
          world.client().request({"GET /a"});
          world.settle();
          world.origin().respond(0, {"200", {}, "aaa", true, 4});
          world.settle();
          world.expect(world.client().got(0).whole, false);
          world.expect(world.supervisor.recorded.size(), 1U);
        },
        {.pairing = {client, Speaks::http2}});
}

TEST_CASE("a status that is none", "[http][conversation]") {
  for (const auto client : {Speaks::http1, Speaks::http2})
    for (const char* status : {"051", "600", "999"}) {
      World world({.pairing = {client, Speaks::http2}});
      world.client().request({"GET /a"});
      world.settle();
      world.origin().respond(0, {status, {}, "a"});
      world.settle();
      CHECK(world.client().got(0).head.substr(0, 3) == "502");
      require_clean_end(world);
    }
}

TEST_CASE("what comes behind a response that was refused is dropped", "[http][conversation]") {
  for (const auto client : {Speaks::http1, Speaks::http2}) {
    World world({.pairing = {client, Speaks::http2}});
    world.client().request({"GET /a"});
    world.settle();
    for (int i = 0; i < 40; ++i) world.origin().respond(0, {"103"});
    world.origin().respond(0, {"200", {}, "a"});
    world.settle();
    CHECK(world.client().got(0).head.substr(0, 3) == "502");
    CHECK(world.client().received().find("200 OK") == std::string::npos);
    world.expect_records({"GET /a 502 malformed"});
    require_clean_end(world);
  }
}

TEST_CASE("a request that an origin has no stream for can be taken back", "[http][conversation]") {
  World world({.pairing = kTwo, .origin_settings = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0}}});
  world.settle();
  world.client().request({"GET /a"});
  world.settle();
  CHECK_FALSE(world.conversation().is_idle());
  world.client().reset(0, NGHTTP2_CANCEL);
  world.settle();
  CHECK(world.conversation().is_idle());
}

TEST_CASE("heads that HTTP/1 takes are not too large for HTTP/2", "[http][conversation]") {
  FieldList fields;
  for (int i = 0; i < 240; ++i) fields.emplace_back("x-" + std::to_string(i), std::string(259, 'x'));
  World up({.pairing = {Speaks::http1, Speaks::http2}});
  up.client().request({"GET /a", fields});
  up.settle();
  CHECK(up.origin().got(0).head.size() > 63'000);
  World down({.pairing = kDown});
  down.client().request({"GET /a"});
  down.settle();
  down.origin().respond(0, {"200", fields, "a", true});
  down.settle();
  CHECK(down.client().got(0).head.size() > 63'000);
  CHECK(down.client().got(0).whole);
}

TEST_CASE("heads larger than a frame", "[http][conversation]") {
  for (const auto& pairing : kPairings) {
    INFO(pairing.name());
    World world({.pairing = pairing});
    FieldList fields;
    for (int i = 0; i < 200; ++i) fields.emplace_back("x-" + std::to_string(i), std::string(270, 'x'));
    world.client().request({"GET /a", fields});
    world.settle();
    CHECK(world.origin().got(0).head.size() > 54'000);
    world.origin().respond(0, {"200", fields, "a", true});
    world.settle();
    CHECK(world.client().got(0).head.size() > 54'000);
    CHECK(world.client().got(0).whole);
  }
}
