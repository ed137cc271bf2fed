// How long a conversation waits for what a client has begun.
#include "tests/unit/conversation_fixture.hpp"
#include "tests/unit/http2_frames.hpp"

using namespace weir::test;
using weir::http::Conversation;

namespace {

constexpr std::size_t kMuch = 4'000'000;
constexpr Pairing kTwo{Speaks::http2, Speaks::http2};
constexpr Pairing kDown{Speaks::http2, Speaks::http1};

// That of the first request: for ten KiB it is slow, and then it stops.
void let_the_body_stop(World& world) {
  for (int i = 0; i < 10; ++i) {
    world.client().body(0, std::string(1024, 'a'));
    world.settle();
    CHECK_FALSE(world.expire(29s));
  }
  world.client().body(0, "a");
  world.settle();
  CHECK(world.expire(29s));
  world.settle();
  CHECK(world.client().got(0).head.substr(0, 3) == "408");
}

}  // namespace

TEST_CASE("a head has its time from its first byte on", "[http][conversation]") {
  World world({});
  world.pass(5min);
  world.client().raw("GET /a HT");
  world.settle();
  CHECK_FALSE(world.expire(9s));
  CHECK(world.expire(2s));
  world.settle();
  CHECK(world.client().received().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  CHECK(world.client().how_closed() == "in order");
  CHECK(world.conversation().cause().value().kind == Conversation::Cause::Kind::timeout);
  CHECK(world.supervisor.recorded.at(0).ends_with(" 408 timeout"));
}

TEST_CASE("an HTTP/2 head has its time, whatever frames it comes in", "[http][conversation]") {
  const auto block = literals({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/a"}});
  const auto more = literals({{"a", "b"}});
  const auto half = [](const std::string& bytes) { return bytes.substr(0, bytes.size() - 1); };
  const std::pair<const char*, std::vector<std::string>> rows[] = {
      {"no end of headers", {frame(1, 1, 3, block), frame(9, 0, 3, more), frame(9, 0, 3, more)}},
      {"within headers", {frame(1, 0, 3).replace(0, 3, big_endian(9999, 3)) + block, more, more}},
      {"within a frame's head", {half(frame(1, 0, 3))}},
      {"within settings", {half(frame(4, 0, 0, "123456"))}},
  };
  for (const auto& [name, pieces] : rows) {
    INFO(name);
    World world({.pairing = kTwo});
    world.client().request({"GET /slow"});
    world.settle();
    world.pass(5min);
    for (const auto& piece : pieces) {
      CHECK_FALSE(world.expire(3s));
      world.client().raw(piece);
      world.settle();
    }
    CHECK_FALSE(world.expire(pieces.size() == 1 ? 9s : 3s));
    CHECK(world.expire(2s));
    world.settle();
    CHECK(last_goaway(world.client().received()) == NGHTTP2_NO_ERROR);
    CHECK(world.client().how_closed() == "in order");
    CHECK(world.conversation().cause().value().kind == Conversation::Cause::Kind::timeout);
    CHECK(std::ranges::count(world.supervisor.recorded, "GET /slow 0 cancelled") == 1);
    require_clean_end(world);
  }
  // One that came whole is no longer timed.
  World world({.pairing = kTwo});
  world.client().request({"GET /slow"});
  world.settle();
  CHECK_FALSE(world.expire(1h));
}

TEST_CASE("an HTTP/2 body of a known length has its time, and others theirs", "[http][conversation]") {
  for (const auto& pairing : {kTwo, kDown}) {
    INFO(pairing.name());
    World world({.pairing = pairing});
    world.client().request({"POST /a", {}, "", true, 100'000, {}, false});
    if (pairing.origin == Speaks::http2) {  // the other sort has one at a time
      world.client().request({"POST /b", {}, "b", false, 0, {}, false});
      world.client().request({"POST /c", {{"expect", "100-continue"}}, "", true, 10, {}, false});
    }
    world.settle();
    let_the_body_stop(world);
    CHECK(world.supervisor.recorded.at(0) == "POST /a 408 timeout");
    CHECK_FALSE(world.conversation().cause());
    CHECK_FALSE(world.expire(1min));
    CHECK(world.client().how_closed().empty() == (pairing.origin == Speaks::http2));
    require_clean_end(world);
  }
}

TEST_CASE("an HTTP/2 upload whose origin does not take it is not timed", "[http][conversation]") {
  for (const auto& pairing : {kTwo, kDown}) {
    INFO(pairing.name());
    World world({.pairing = pairing});
    world.settle();
    world.reads_origin = false;
    world.client().request({"POST /a", {}, std::string(kMuch, 'a'), true});
    world.settle();
    CHECK_FALSE(world.expire(1min));
    world.reads_origin = true;
    world.settle();
    CHECK(world.origin().got(0).whole);
    require_clean_end(world);
  }
}

TEST_CASE("a body of a known length has its time, too", "[http][conversation]") {
  for (const auto origin : {Speaks::http1, Speaks::http2}) {
    World world({.pairing = {Speaks::http1, origin}});
    world.client().request({"POST /a", {}, "", true, 100'000, {}, false});
    world.settle();
    let_the_body_stop(world);
    CHECK(world.client().how_closed() == "in order");
    CHECK_FALSE(world.origin().got(0).whole);
    require_clean_end(world);
  }
  World world({});
  world.client().request({"POST /a", {}, "aa", false, 0, {}, false});
  world.settle();
  CHECK_FALSE(world.expire(1h));
  // The origin's time is not the client's.
  World slow({});
  slow.client().request({"GET /a"});
  slow.settle();
  CHECK_FALSE(slow.expire(1h));
}

TEST_CASE("an upload that weir does not read is not timed", "[http][conversation]") {
  World world({});
  world.reads_origin = false;
  world.client().request({"POST /a", {}, std::string(kMuch, 'a'), true});
  world.settle();
  CHECK_FALSE(world.expire(1min));
  world.reads_origin = true;
  world.settle();
  CHECK(world.origin().got(0).whole);
}
