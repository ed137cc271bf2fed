// What a conversation holds, and how long, for peers that are slow or mean harm.
#include <malloc.h>

#include "tests/unit/conversation_fixture.hpp"
#include "tests/unit/http2_frames.hpp"

using namespace weir::test;
using weir::http::Conversation;

namespace {

constexpr std::size_t kMuch = 4'000'000;
// Windows of both sides, what is gathered of frames, and what is on its way.
constexpr std::size_t kHeld = 900'000;

constexpr Pairing kTwo{Speaks::http2, Speaks::http2};
constexpr Pairing kDown{Speaks::http2, Speaks::http1};

std::string request_head(const std::string& path) {
  return literals({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", path}});
}

}  // namespace

TEST_CASE("a slow reader stops what is sent to it, and nothing is lost", "[http][conversation]") {
  for (const auto& pairing : kPairings) {
    INFO(pairing.name());
    World world({.pairing = pairing, .piece = 64 * 1024});
    world.client().request({"GET /a"});
    world.settle();
    world.reads_client = false;
    world.origin().respond(0, {"200", {}, std::string(kMuch, 'a'), true});
    world.settle();
    CHECK(kMuch - world.origin_left() < kHeld);
    world.reads_client = true;
    world.settle();
    CHECK(world.client().got(0).body.size() == kMuch);
    CHECK(world.client().got(0).whole);
    require_clean_end(world);
  }
}

TEST_CASE("a slow origin stops an upload, and nothing is lost", "[http][conversation]") {
  for (const auto& pairing : kPairings) {
    INFO(pairing.name());
    World world({.pairing = pairing, .piece = 64 * 1024});
    world.settle();
    world.reads_origin = false;
    world.client().request({"POST /a", {}, std::string(kMuch, 'a')});
    world.settle();
    CHECK(kMuch - world.client_left() < kHeld);
    world.reads_origin = true;
    world.settle();
    CHECK(world.origin().got(0).body.size() == kMuch);
    CHECK(world.origin().got(0).whole);
    require_clean_end(world);
  }
}

TEST_CASE("a body whose last piece fills the window has an end", "[http][conversation]") {
  for (const auto& pairing : kPairings) {
    INFO(pairing.name());
    World world({.pairing = pairing});
    world.client().request({"POST /a", {}, std::string(300'000, 'a'), true});
    world.settle();
    CHECK(world.origin().got(0).whole);
    world.origin().respond(0, {"200", {}, std::string(300'000, 'a'), true});
    world.settle();
    CHECK(world.client().got(0).whole);
    CHECK(world.conversation().is_idle());
  }
}

TEST_CASE("a stream that is read has more on its way", "[http][conversation]") {
  World world({.pairing = kTwo});
  world.client().request({"GET /a"});
  world.settle();
  world.origin().respond(0, {"200", {}, std::string(200'000, 'a'), false, 0, {}, false});
  world.settle();
  CHECK(world.client().got(0).body.size() == 200'000);
  world.reads_client = false;
  world.origin().body(0, std::string(kMuch, 'a'));
  world.settle();
  const auto taken = kMuch - world.origin2().unsent(0);
  CHECK(taken > 250'000);
  CHECK(taken < kHeld);
}

TEST_CASE("behind the GOAWAY that ends a connection nothing is sent", "[http][conversation]") {
  for (const auto& pairing : {kTwo, kDown}) {
    World world({.pairing = pairing});
    for (const char* path : {"/a", "/b"}) world.client().request({std::string("GET ") + path});
    world.settle();
    world.reads_client = false;
    world.origin().respond(0, {"200", {}, std::string(kMuch, 'a'), true});
    world.settle();
    world.client().raw(repeated(1000, frame(6, 1, 0, "12345678")));
    world.settle();
    world.reads_client = true;
    world.settle();
    CHECK(world.client().received().ends_with(
        frame(7, 0, 0, big_endian(3, 4) + big_endian(NGHTTP2_ENHANCE_YOUR_CALM, 4))));
    require_clean_end(world);
  }
}

TEST_CASE("one stream that is not read does not hold up another", "[http][conversation]") {
  World world({.pairing = kTwo, .client_takes = false});
  auto* const session = world.client2().session();
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 1 << 24);
  for (const char* path : {"/a", "/b", "/c"}) world.client().request({std::string("GET ") + path});
  world.settle();
  world.origin().respond(0, {"200", {}, std::string(kMuch, 'a'), true});
  world.settle();
  CHECK(world.client().got(0).body.size() == NGHTTP2_INITIAL_WINDOW_SIZE);
  CHECK(kMuch - world.origin2().unsent(0) < kHeld);
  world.origin().respond(1, {"200", {}, std::string(60'000, 'b'), true});
  world.origin().respond(2, {"200", {}, std::string(60'000, 'c'), true});
  world.settle();
  CHECK(world.client().got(1).whole);
  CHECK(world.client().got(2).whole);
  while (!world.client().got(0).whole) {
    const auto before = world.client().got(0).body.size();
    nghttp2_session_consume_stream(session, world.client().got(0).stream, 60'000);
    world.settle();
    REQUIRE(world.client().got(0).body.size() > before);
  }
  CHECK(world.client().got(0).body.size() == kMuch);
}

TEST_CASE("many uploads at once to an origin that takes one at a time", "[http][conversation]") {
  World world({.pairing = kDown});
  constexpr std::size_t kStreams = 100;
  constexpr std::size_t kEach = 500'000;
  world.settle();
  for (std::size_t i = 0; i < kStreams; ++i) world.client().request({"POST /a", {}, std::string(kEach, 'a'), true});
  world.settle();
  std::size_t left = 0;
  for (std::size_t i = 0; i < kStreams; ++i) left += world.client2().unsent(i);
  CHECK(kStreams * kEach - left < 10'000'000);
  for (std::size_t i = 0; i < kStreams; ++i) {
    REQUIRE(world.origin().got(i).whole);
    world.origin().respond(i, {"200", {}, "a", true});
    world.settle();
  }
  CHECK(world.client().got(kStreams - 1).whole);
}

TEST_CASE("many downloads that are not read do not hold up one that is", "[http][conversation]") {
  World world({.pairing = kTwo, .client_takes = false});
  auto* const session = world.client2().session();
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 1 << 30);
  constexpr std::size_t kStreams = 100;
  world.settle();
  for (std::size_t i = 0; i < kStreams; ++i) world.client().request({"GET /a"});
  world.settle();
  for (std::size_t i = 0; i < kStreams; ++i) world.origin().respond(i, {"200", {}, std::string(1'000'000, 'a'), true});
  world.settle();
  std::size_t left = 0;
  for (std::size_t i = 0; i < kStreams; ++i) left += world.origin2().unsent(i);
  CHECK(kStreams * 1'000'000 - left < 20'000'000);
  const auto last = kStreams - 1;
  while (!world.client().got(last).whole) {
    const auto before = world.client().got(last).body.size();
    nghttp2_session_consume_stream(session, world.client().got(last).stream, 60'000);
    world.settle();
    REQUIRE(world.client().got(last).body.size() > before);
  }
}

TEST_CASE("floods end the connection, each with its code", "[http][conversation]") {
  struct Row {
    const char* name;
    std::string bytes;
    std::uint32_t code;
  };
  const auto open =
      frame(1, 4, 1, literals({{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/a"}}));
  std::string resets;
  std::string provoked;
  std::string malformed;
  for (std::uint32_t i = 0; i < 400; ++i) {
    const auto stream = 2 * i + 1;
    resets += frame(1, 5, stream, request_head("/a")) + frame(3, 0, stream, big_endian(NGHTTP2_CANCEL, 4));
    provoked += frame(1, 5, stream, request_head("/a")) + frame(8, 0, stream, big_endian(0x7fffffff, 4));
    malformed += frame(1, 5, stream, request_head("a"));
  }
  const std::vector<Row> rows{
      {"ping", repeated(1000, frame(6, 0, 0, "12345678")), NGHTTP2_ENHANCE_YOUR_CALM},
      {"ping answers", repeated(1000, frame(6, 1, 0, "12345678")), NGHTTP2_ENHANCE_YOUR_CALM},
      {"settings", repeated(1000, frame(4, 0, 0)), NGHTTP2_ENHANCE_YOUR_CALM},
      {"empty data", open + repeated(1000, frame(0, 0, 1)), NGHTTP2_ENHANCE_YOUR_CALM},
      {"priority", repeated(1000, frame(2, 0, 1, big_endian(0, 5))), NGHTTP2_ENHANCE_YOUR_CALM},
      {"window updates", open + repeated(1000, frame(8, 0, 1, big_endian(1, 4))), NGHTTP2_ENHANCE_YOUR_CALM},
      {"rapid reset", resets, NGHTTP2_ENHANCE_YOUR_CALM},
      {"made you reset", provoked, NGHTTP2_ENHANCE_YOUR_CALM},
      {"malformed requests", malformed, NGHTTP2_ENHANCE_YOUR_CALM},
      {"continuations", frame(1, 1, 1, request_head("/a")) + repeated(1000, frame(9, 0, 1)), 0xffff},
      {"data on stream 0", frame(0, 0, 0, "x"), NGHTTP2_PROTOCOL_ERROR},
      {"settings of 5 bytes", frame(4, 0, 0, "12345"), NGHTTP2_FRAME_SIZE_ERROR},
      {"no HPACK", frame(1, 5, 1, "\x80"), NGHTTP2_COMPRESSION_ERROR},
      {"a table that is too large", frame(1, 5, 1, "\x3f\xe1\xff\x03" + request_head("/a")), NGHTTP2_COMPRESSION_ERROR},
      {"a window that overflows", frame(8, 0, 0, big_endian(0x7fffffff, 4)), NGHTTP2_FLOW_CONTROL_ERROR},
      {"an even stream", frame(1, 5, 2, request_head("/a")), NGHTTP2_PROTOCOL_ERROR},
      {"a push", frame(5, 4, 1, big_endian(2, 4)), NGHTTP2_PROTOCOL_ERROR},
  };
  for (const auto& row : rows)
    for (const auto& pairing : {kTwo, kDown})
      for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{13}}) {
        // A stream that is on and reset ends the one connection to the origin, before there are many.
        const bool opens_many = row.bytes == resets || row.bytes == provoked || row.bytes == malformed;
        if (opens_many && pairing.origin == Speaks::http1 && piece == 13) continue;
        // At once they are more than may be open, which is an error of its own.
        const bool is_any = row.code == 0xffff || (opens_many && piece > 13);
        INFO(row.name << ' ' << pairing.name() << " in pieces of " << piece);
        World world({.pairing = pairing, .piece = piece});
        world.settle();
        world.client().raw(row.bytes);
        world.settle();
        const auto goaway = last_goaway(world.client().received());
        CHECK(goaway.has_value());
        if (!is_any) CHECK(goaway == row.code);
        CHECK(world.client().how_closed() == "in order");
        REQUIRE(world.conversation().cause().has_value());
        CHECK(world.conversation().cause()->by_client);
        if (!is_any)
          CHECK((world.conversation().cause()->kind == Conversation::Cause::Kind::flood) ==
                (row.code == NGHTTP2_ENHANCE_YOUR_CALM));
        CHECK(world.conversation().requests() <= 205);
        require_clean_end(world);
      }
}

TEST_CASE("an origin that floods is given up, and its client told", "[http][conversation]") {
  for (const auto client : {Speaks::http1, Speaks::http2}) {
    World world({.pairing = {client, Speaks::http2}});
    world.client().request({"GET /a"});
    world.settle();
    world.origin().raw(repeated(1000, frame(6, 0, 0, "12345678")));
    world.settle();
    CHECK(world.origin2().goaway.value_or(0) == NGHTTP2_ENHANCE_YOUR_CALM);
    CHECK(world.conversation().cause().value().kind == Conversation::Cause::Kind::flood);
    CHECK_FALSE(world.conversation().cause()->by_client);
    CHECK(world.client().how_closed() == (client == Speaks::http1 ? "abrupt" : "in order"));
    world.expect_records({"GET /a 0 aborted"});
    require_clean_end(world);
  }
}

TEST_CASE("streams over the limit are refused, and the rest served", "[http][conversation]") {
  World world({.pairing = kDown});
  std::string bytes;
  for (std::uint32_t i = 0; i < 110; ++i) bytes += frame(1, 5, 2 * i + 1, request_head("/a"));
  world.settle();
  world.client().raw(bytes);
  world.settle();
  CHECK(world.conversation().requests() == 100);
}

TEST_CASE("a preface that is none", "[http][conversation]") {
  World world({.pairing = kTwo});
  world.client().output();  // instead of it
  world.client().raw("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  world.settle();
  CHECK(world.client2().goaway.value_or(99) == NGHTTP2_PROTOCOL_ERROR);
  CHECK(world.client().how_closed() == "in order");
}

TEST_CASE("a client that reads nothing", "[http][conversation]") {
  for (const auto& pairing : kPairings) {
    INFO(pairing.name());
    World world({.pairing = pairing});
    world.client().request({"GET /a"});
    world.settle();
    world.reads_client = false;
    world.origin().respond(0, {"200", {}, std::string(kMuch, 'a'), true});
    world.settle();
    CHECK_FALSE(world.expire(1s));
    CHECK_FALSE(world.expire(4min));
    CHECK_FALSE(world.conversation().is_stalled());
    CHECK(world.expire(2min));
    CHECK(world.conversation().is_stalled());
  }
}

TEST_CASE("an idle conversation holds little", "[http][conversation]") {
  for (const auto& pairing : kPairings) {
    std::vector<std::unique_ptr<Conversation>> idle;
    ScriptedSupervisor supervisor;
    const auto before = mallinfo2().uordblks;
    constexpr std::size_t kHowMany = 10;
    std::size_t held = 0;
    for (std::size_t i = 0; i < kHowMany; ++i) {
      World world({.pairing = pairing});
      for (int k = 0; k < 3; ++k) {
        world.client().request({"POST /a", {}, std::string(300'000, 'a'), true});
        world.settle();
        world.origin().respond(static_cast<std::size_t>(k), {"200", {}, std::string(300'000, 'a')});
        world.settle();
      }
      INFO(pairing.name());
      CHECK(world.conversation().is_idle());
      world.expire(1s);  // the worker's tick
      const auto with = mallinfo2().uordblks;
      world.forget_conversation();
      held += with - mallinfo2().uordblks;
    }
    INFO(pairing.name() << ' ' << before);
    CHECK(held / kHowMany < 60'000);
  }
}
