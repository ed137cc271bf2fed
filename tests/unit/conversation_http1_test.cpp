// A conversation with a client that speaks HTTP/1: its connection's ends, pipelining, upgrades, what is wrong with it.
#include "tests/unit/conversation_fixture.hpp"

using namespace weir::test;
using weir::http::Fault;

namespace {

constexpr std::array<Pairing, 2> kClients1{{{Speaks::http1, Speaks::http1}, {Speaks::http1, Speaks::http2}}};

void run_clients1(const Script& script, const Conditions& how = {}) {
  for (const auto& pairing : kClients1) {
    auto each = how;
    each.pairing = pairing;
    run(script, each);
  }
}

void get(World& world, std::string_view path) {
  world.client().request({"GET " + std::string(path)});
  world.settle();
}

}  // namespace

TEST_CASE("pipelined requests are answered in their order", "[http][conversation]") {
  run_clients1([](World& world) {
    world.client().request({"GET /a"});
    world.client().request({"POST /b", {}, "bbb", false, 0, {{"X-Sum", "1"}}});
    world.client().request({"GET /blocked/x"});
    world.client().request({"GET /c"});
    world.settle();
    world.expect(world.origin().seen(), 1U);
    world.origin().respond(0, {"200", {}, "a", true});
    world.settle();
    world.expect_request(1, "POST a.example/b\n[bbb]x-sum: 1\n");
    world.origin().respond(1, {"200", {}, "bb"});
    world.settle();
    world.expect_request(2, "GET a.example/c\n[]");
    world.origin().respond(2, {"200", {}, "c", true});
    world.settle();
    world.expect_response(0, "200\n[a]");
    world.expect_response(1, "200\n[bb]");
    world.expect(world.client().got(2).head.substr(0, 3), "403");
    world.expect_response(3, "200\n[c]");
  });
}

TEST_CASE("a client that has said all is answered still", "[http][conversation]") {
  run_clients1([](World& world) {
    world.client().request({"GET /a"});
    world.client().request({"GET /b"});
    world.end_client();
    world.expect(world.client().how_closed(), "");
    world.origin().respond(0, {"200", {}, "a", true});
    world.settle();
    world.origin().respond(1, {"200", {}, "b", true});
    world.settle();
    world.expect_response(0, "200\n[a]");
    world.expect_response(1, "200\n[b]");
    world.expect(world.client().how_closed(), "in order");
    world.expect(world.origin().how_closed(), "in order");
    world.expect_records({"GET /a 200 finished", "GET /b 200 finished"});
  });
}

TEST_CASE("the end of a pipelining client is not taken for that of its requests", "[http][conversation]") {
  World world({});
  world.client().request({"GET /a"});
  world.client().request({"GET /b"});
  world.settle();
  // The response and the client's end come in the same turn, before weir goes on.
  auto& upstream = *world.conversation().upstream();
  constexpr std::string_view kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na";
  upstream.receive({reinterpret_cast<const std::uint8_t*>(kResponse.data()), kResponse.size()});
  world.conversation().client().receive_end(true);
  world.advance();
  world.settle();
  world.expect_request(1, "GET a.example/b\n[]");
}

TEST_CASE("each side may say that its connection closes", "[http][conversation]") {
  run_clients1([](World& world) {
    world.client().request({"GET /a", {{"Connection", "close"}}});
    world.client().request({"GET /z"});
    world.settle();
    world.origin().respond(0, {"200", {}, "a"});
    world.settle();
    world.expect_response(0, "200\n[a]");
    world.expect(world.client().received().find("Connection: close\r\n") != std::string::npos, true);
    world.expect(world.client().how_closed(), "in order");
    world.expect(world.origin().how_closed(), "in order");
    world.expect(world.conversation().requests(), 1U);
  });
  run([](World& world) {
    world.client().request({"GET /a"});
    world.client().request({"GET /z"});
    world.settle();
    world.origin().respond(0, {"200", {{"Connection", "close"}}, "a", true});
    world.settle();
    world.expect_response(0, "200\n[a]");
    world.expect(world.client().received().find("Connection: close\r\n") != std::string::npos, true);
    world.expect(world.client().how_closed(), "in order");
    world.expect(world.origin().seen(), 1U);
  });
}

TEST_CASE("HTTP/1.0 clients get what they can read", "[http][conversation]") {
  run_clients1([](World& world) {
    world.client1().version = "HTTP/1.0";
    world.client().request({"GET /a", {{"Host", "a.example"}}});
    world.settle();
    world.expect_request(0, "GET a.example/a\n[]");
    world.origin().respond(0, {"103", {{"Link", "x"}}});
    world.origin().respond(0, {"200", {}, "aaa"});
    world.settle();
    world.expect_response(0, "200\n[aaa]");
    world.expect(world.client().received().find("hunked") == std::string::npos, true);
    world.expect(world.client().how_closed(), "in order");
  });
  run_clients1([](World& world) {
    world.client1().version = "HTTP/1.0";
    for (std::size_t i = 0; i < 2; ++i) {
      world.client().request({"GET /a", {{"Host", "a.example"}, {"Connection", "keep-alive"}}});
      world.settle();
      world.origin().respond(i, {"200", {{"Connection", "keep-alive"}}, "aaa", true});
      world.settle();
    }
    // An origin that speaks HTTP/2 knows no Connection; the field is a fault there.
    if (world.how().pairing.origin == Speaks::http1) {
      world.expect_response(1, "200\n[aaa]");
      world.expect(world.client().how_closed(), "");
    }
  });
}

TEST_CASE("a body until the connection's end has its end told", "[http][conversation]") {
  for (const auto client : {Speaks::http1, Speaks::http2})
    run(
        [](World& world) {
          get(world, "/a");
          world.origin1().respond_raw(0, {"200", {}, "aaaa"});
          world.settle();
          world.expect_response(0, "200\n[aaaa] cut");
          world.end_origin();
          world.expect_response(0, "200\n[aaaa]");
          world.expect_records({"GET /a 200 finished"});
        },
        {.pairing = {client, Speaks::http1}});
}

TEST_CASE("a body that is cut off is seen to be", "[http][conversation]") {
  const auto cut = [](World& world) {
    world.end_origin();
    world.expect(world.client().got(0).whole, false);
    world.expect(world.supervisor.recorded, std::vector<std::string>{"GET /a 200 aborted"});
    if (world.how().pairing.client == Speaks::http1)
      world.expect(world.client().how_closed(), "abrupt");
    else
      world.expect(world.client().got(0).reset.has_value(), true);
  };
  run_all([&](World& world) {
    get(world, "/a");
    world.origin().respond(0, {"200", {}, "aaaa", true, 100, {}, false});
    world.settle();
    cut(world);
  });
  run_all([&](World& world) {
    get(world, "/a");
    world.origin().respond(0, {"200", {}, "aaaa", false, 0, {}, false});
    world.settle();
    cut(world);
  });
  // TLS without its close_notify, where the end is all that ends the body.
  World world({});
  get(world, "/a");
  world.origin1().respond_raw(0, {"200", {}, "aaaa"});
  world.settle();
  world.end_origin(false);
  CHECK(world.client().how_closed() == "abrupt");
}

TEST_CASE("an origin that closes without a response", "[http][conversation]") {
  run_all([](World& world) {
    get(world, "/a");
    world.end_origin();
    world.expect(world.client().seen() == 0 || world.client().got(0).head.empty(), true);
    world.expect_records({"GET /a 0 aborted"});
    if (world.how().pairing.client == Speaks::http1)
      world.expect(world.client().how_closed(), "abrupt");
    else
      world.expect(world.client().got(0).reset.value_or(0), std::uint32_t{NGHTTP2_INTERNAL_ERROR});
  });
}

TEST_CASE("an origin that closes an idle connection closes the client's", "[http][conversation]") {
  run_clients1([](World& world) {
    get(world, "/a");
    world.origin().respond(0, {"200", {}, "a", true});
    world.end_origin();
    world.expect_response(0, "200\n[a]");
    world.expect(world.client().how_closed(), "in order");
  });
}

TEST_CASE("what an origin says unasked reaches no request", "[http][conversation]") {
  for (const auto client : {Speaks::http1, Speaks::http2})
    run(
        [](World& world) {
          get(world, "/a");
          world.origin().respond(0, {"200", {}, "a", true});
          world.origin().raw("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
          world.settle();
          world.expect_response(0, "200\n[a]");
          world.client().request({"GET /b"});
          world.settle();
          world.expect(world.client().got(1).head, "");
          world.expect(world.client().received().find("poison") == std::string::npos, true);
        },
        {.pairing = {client, Speaks::http1}});
  // Read after the next request was taken, but before any of it went out.
  World world({});
  get(world, "/a");
  world.origin().respond(0, {"200", {}, "a", true});
  world.settle();
  world.reads_origin = false;
  get(world, "/b");
  world.origin().raw("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
  world.settle();
  CHECK(world.client().received().find("poison") == std::string::npos);
  CHECK(world.client().how_closed() == "abrupt");
}

TEST_CASE("what is malformed is refused, and no more is read", "[http][conversation]") {
  struct Row {
    std::string bytes;
    std::string status;
    std::string end;
  };
  const auto row = GENERATE(values<Row>({
      {"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", "malformed"},
      {"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "400", "malformed"},
      {"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400", "malformed"},
      {"GET /a HTTP/2.0\r\nHost: a\r\n\r\n", "505", "malformed"},
      {"GET /a HTTP/1.1\r\nHost: a\r\nX: " + std::string(70'000, 'x'), "431", "limit"},
      {"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "405", "malformed"},
  }));
  run_clients1(
      [&](World& world) {
        world.client().raw(row.bytes + "GET /z HTTP/1.1\r\nHost: a\r\n\r\n");
        world.settle();
        world.expect(
            world.client().received().substr(0, 12).substr(std::min<std::size_t>(9, world.client().received().size())),
            row.status);
        world.expect(world.client().received().find("Connection: close\r\n") != std::string::npos, true);
        world.expect(world.client().how_closed(), "in order");
        world.expect(world.supervisor.recorded.size(), 1U);
        world.expect(world.supervisor.recorded.empty()
                         ? ""
                         : world.supervisor.recorded[0].substr(world.supervisor.recorded[0].rfind(' ') + 1),
                     row.end);
        world.expect(world.supervisor.judged <= 1, true);
      },
      {.small = row.bytes.size() < 1000});
}

TEST_CASE("a response that is not to be understood is answered in its place", "[http][conversation]") {
  struct Row {
    std::string bytes;
    Fault fault;
  };
  const auto row = GENERATE(values<Row>({
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", Fault::two_lengths},
      {"SSH-2.0-x\r\n", Fault::start_line},
      {"HTTP/1.1 101 -\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nraw", Fault::upgrade},
  }));
  for (const auto client : {Speaks::http1, Speaks::http2})
    run(
        [&](World& world) {
          get(world, "/a");
          world.origin().raw(row.bytes);
          world.settle();
          world.expect(world.client().got(0).head.substr(0, 3), "502");
          world.expect(world.client().got(0).whole, true);
          world.expect(world.origin().how_closed(), "abrupt");
          world.expect_records({"GET /a 502 malformed"});
        },
        {.pairing = {client, Speaks::http1}});
}

TEST_CASE("a chunk that is malformed cuts the response off", "[http][conversation]") {
  run([](World& world) {
    get(world, "/a");
    world.origin().raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\naaa\r\nx\r\n");
    world.settle();
    world.expect_response(0, "200\n[aaa] cut");
    world.expect(world.client().how_closed(), "abrupt");
    world.expect_records({"GET /a 200 malformed"});
  });
}

TEST_CASE("more informational responses than anybody sends", "[http][conversation]") {
  World world({});
  get(world, "/a");
  for (int i = 0; i < 40; ++i) world.origin().raw("HTTP/1.1 103 -\r\n\r\n");
  world.origin().respond(0, {"200", {}, "a", true});
  world.settle();
  CHECK(world.client().got(0).head.substr(0, 3) == "502");
  CHECK(world.client().seen() == 1);
}

TEST_CASE("an upgrade that may be makes a tunnel", "[http][conversation]") {
  Conditions how;
  how.settings.upgrades = {"websocket"};
  run(
      [](World& world) {
        world.client().request({"GET /a", {{"Connection", "Upgrade"}, {"Upgrade", "WebSocket"}}});
        world.client().raw("aa");  // at once, before the response
        world.settle();
        world.expect_request(0, "GET a.example/a\nupgrade: WebSocket\n[]");
        world.origin1().tunnels = true;
        world.origin().raw("HTTP/1.1 101 -\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nAA");
        world.settle();
        world.client().raw("aaa");
        world.settle();
        world.expect(world.origin().got(0).body, "aaaaa");
        world.origin().raw("AAA");
        world.settle();
        world.expect_response(0, "101\nupgrade: websocket\n[AAAAA] cut");
        // One direction's end leaves the other open.
        world.end_origin();
        world.client().raw("aaaa");
        world.settle();
        world.expect(world.origin().got(0).body, "aaaaaaaaa");
        world.expect(world.client().how_closed(), "");
        world.end_client();
        world.expect(world.client().how_closed(), "in order");
        world.expect(world.origin().how_closed(), "in order");
        world.expect_records({"GET /a 101 finished"});
      },
      how);
}

TEST_CASE("a tunnel's client may end first", "[http][conversation]") {
  Conditions how;
  how.settings.upgrades = {"websocket"};
  World world(how);
  world.client().request({"GET /a", {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}});
  world.settle();
  world.origin1().tunnels = true;
  world.origin().raw("HTTP/1.1 101 -\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  world.settle();
  world.client().raw("aaa");
  world.end_client();
  CHECK(world.conversation().upstream()->closing() == weir::http::Wire::Closing::half);
  world.origin().raw("AAA");
  world.end_origin();
  CHECK(world.client().got(0).body == "AAA");
  CHECK(world.client().how_closed() == "in order");
  CHECK(world.origin().how_closed() == "in order");
  world.expect_records({"GET /a 101 finished"});
}

TEST_CASE("a tunnel that nobody uses ends as well", "[http][conversation]") {
  Conditions how;
  how.settings.upgrades = {"websocket"};
  World world(how);
  world.client().request({"GET /a", {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}});
  world.settle();
  world.origin1().tunnels = true;
  world.origin().raw("HTTP/1.1 101 -\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  world.settle();
  world.end_client();
  world.end_origin();
  CHECK(world.client().how_closed() == "in order");
  CHECK(world.origin().how_closed() == "in order");
  world.expect_records({"GET /a 101 finished"});
}

TEST_CASE("an upgrade that may not be is a request like others", "[http][conversation]") {
  Conditions how;
  how.settings.upgrades = {"websocket"};
  run_clients1(
      [](World& world) {
        world.client().request(
            {"GET /a", {{"Connection", "Upgrade, HTTP2-Settings"}, {"Upgrade", "h2c"}, {"HTTP2-Settings", "x"}}});
        // With a body nobody could tell where the tunnel begins.
        world.client().request({"POST /b", {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}, "bb"});
        world.settle();
        world.expect_request(0, "GET a.example/a\n[]");
        world.origin().respond(0, {"200", {}, "a", true});
        world.settle();
        world.expect_request(1, "POST a.example/b\n[bb]");
        world.origin().respond(1, {"200", {}, "b", true});
        world.settle();
        world.expect_response(1, "200\n[b]");
      },
      how);
}

TEST_CASE("a verdict of reset", "[http][conversation]") {
  run_all([](World& world) {
    get(world, "/reset");
    world.expect_records({"GET /reset 0 reset"});
    world.expect(world.origin().seen(), 0U);
    if (world.how().pairing.client == Speaks::http1)
      world.expect(world.client().how_closed(), "abrupt");
    else
      world.expect(world.client().got(0).reset.value_or(0), std::uint32_t{NGHTTP2_REFUSED_STREAM});
  });
}

TEST_CASE("blocked with Expect: the body is not waited for", "[http][conversation]") {
  run_clients1([](World& world) {
    world.client().request({"POST /blocked", {{"Expect", "100-continue"}}, "", true, 10'000, {}, false});
    world.settle();
    world.expect(world.client().got(0).head.substr(0, 3), "403");
    world.expect(world.client().how_closed(), "in order");
  });
}

TEST_CASE("of a blocked request's body only so much is thrown away", "[http][conversation]") {
  World world({});
  world.client().request({"POST /blocked", {}, std::string(9'000'000, 'd'), true});
  world.settle();
  CHECK(world.client().got(0).whole);
  CHECK(world.client().how_closed() == "in order");
}

TEST_CASE("an early response with close ends the upload", "[http][conversation]") {
  run(
      [](World& world) {
        world.client().request({"POST /a", {}, std::string(500'000, 'a'), true});
        world.reads_origin = false;
        world.settle();
        world.reads_origin = true;
        world.origin().raw("");
        world.settle();
        world.origin().respond(0, {"413", {{"Connection", "close"}}, "aa", true});
        world.settle();
        world.expect_response(0, "413\n[aa]");
      },
      {.small = false});
}
