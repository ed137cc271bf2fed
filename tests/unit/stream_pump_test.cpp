// One direction of a flow between two scripted streams.
#include "proxy/relay/stream_pump.hpp"

#include <deque>

#include "tests/unit/catch.hpp"

using namespace weir;
using Io = net::Stream::Io;
using State = net::Stream::Io::State;
using relay::PumpState;

namespace {

// Reads and takes as its script says; at the script's end it waits, and takes all.
class ScriptedStream : public net::Stream {
 public:
  struct Read {
    State state = State::wait;
    std::string bytes;
  };

  Io read(std::span<std::uint8_t> into) override {
    ++times_read;
    if (reads.empty()) return {State::wait, 0};
    const auto next = reads.front();
    reads.pop_front();
    REQUIRE(next.bytes.size() <= into.size());
    std::ranges::copy(next.bytes, into.begin());
    return {next.state, next.bytes.size()};
  }
  Io write(std::span<const std::uint8_t> bytes) override {
    REQUIRE(finishes.empty());
    auto next = Io{State::moved, bytes.size()};
    if (!writes.empty()) {
      next = writes.front();
      writes.pop_front();
    }
    if (next.state != State::moved) return {next.state, 0};
    next.size = std::min(next.size, bytes.size());
    taken.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(next.size));
    return next;
  }
  Io finish(bool in_order, bool closes) override {
    finishes.emplace_back(in_order, closes);
    if (ends.empty()) return {State::moved, 0};
    const auto next = ends.front();
    ends.pop_front();
    return {next, 0};
  }
  bool is_truncated() const override { return truncated; }
  std::error_code error() const override { return failure; }

  std::deque<Read> reads;
  std::deque<Io> writes;
  std::deque<State> ends;
  bool truncated = false;
  std::error_code failure;

  int times_read = 0;
  std::string taken;
  std::vector<std::pair<bool, bool>> finishes;  // in order, closes
};

struct Bench {
  relay::Resources resources{0};
  ScriptedStream from;
  ScriptedStream to;
  relay::StreamPump pump{resources, from, to};
};

using Finishes = std::vector<std::pair<bool, bool>>;

}  // namespace

TEST_CASE("stream pump: bytes pass until there are none", "[tls][relay]") {
  Bench bench;
  bench.from.reads = {{State::moved, "one "}, {State::moved, "two"}, {State::wait, {}}, {State::moved, " three"}};
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.to.taken == "one two");
  CHECK_FALSE(bench.pump.holds_bytes());
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.to.taken == "one two three");
  CHECK(bench.pump.total() == 13);
  CHECK(bench.to.finishes.empty());
}

TEST_CASE("stream pump: a busy direction stops for others", "[tls][relay]") {
  Bench bench;
  bench.from.reads.assign(relay::kStepsATurn + 1, {State::moved, "x"});
  CHECK(bench.pump.step() == PumpState::moving);
  CHECK(bench.to.taken.size() == relay::kStepsATurn);
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.to.taken.size() == relay::kStepsATurn + 1);
}

TEST_CASE("stream pump: what a slow reader does not take is kept, and nothing is read meanwhile", "[tls][relay]") {
  Bench bench;
  bench.from.reads = {{State::moved, "0123456789"}, {State::moved, "next"}};
  bench.to.writes = {{State::moved, 3}, {State::moved, 2}, {State::wait, 0}, {State::wait, 0}, {State::moved, 5}};
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.to.taken == "012");
  CHECK(bench.pump.holds_bytes());
  CHECK(bench.pump.total() == 3);
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.to.taken == "01234");
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.from.times_read == 1);
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.to.taken == "0123456789next");
  CHECK_FALSE(bench.pump.holds_bytes());
  CHECK(bench.pump.total() == 14);
}

TEST_CASE("stream pump: a reader that takes nothing at all has nothing lost", "[tls][relay]") {
  Bench bench;
  bench.from.reads = {{State::moved, "0123456789"}};
  bench.to.writes = {{State::wait, 0}};
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.pump.holds_bytes());
  CHECK(bench.pump.total() == 0);
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.to.taken == "0123456789");
}

TEST_CASE("stream pump: an end is passed on as it was meant", "[tls][relay]") {
  Bench bench;
  bench.from.reads = {{State::moved, "last"}, {State::end, {}}};
  SECTION("in order") {
    CHECK(bench.pump.step() == PumpState::finished);
    CHECK(bench.to.finishes == Finishes{{true, false}});
  }
  SECTION("cut off") {
    bench.from.truncated = true;
    CHECK(bench.pump.step() == PumpState::finished);
    CHECK(bench.to.finishes == Finishes{{false, false}});
  }
  SECTION("as the last of both") {
    bench.pump.close_follows();
    CHECK(bench.pump.step() == PumpState::finished);
    CHECK(bench.to.finishes == Finishes{{true, true}});
  }
  SECTION("when there is room for it") {
    bench.to.ends = {State::wait, State::wait};
    CHECK(bench.pump.step() == PumpState::blocked);
    CHECK(bench.pump.step() == PumpState::blocked);
    CHECK(bench.pump.step() == PumpState::finished);
    CHECK(bench.to.finishes.size() == 3);
    CHECK(bench.from.times_read == 2);
  }
  CHECK(bench.to.taken == "last");
  const auto told = bench.to.finishes.size();
  CHECK(bench.pump.step() == PumpState::finished);
  CHECK(bench.to.finishes.size() == told);  // once
}

TEST_CASE("stream pump: an end comes after what is still kept", "[tls][relay]") {
  Bench bench;
  bench.from.reads = {{State::moved, "last"}, {State::end, {}}};
  bench.to.writes = {{State::moved, 1}, {State::wait, 0}};
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.pump.step() == PumpState::blocked);
  CHECK(bench.to.finishes.empty());
  CHECK(bench.pump.step() == PumpState::finished);
  CHECK(bench.to.taken == "last");
}

TEST_CASE("stream pump: failures name their side, and are the last", "[tls][relay]") {
  const std::error_code reset{ECONNRESET, std::system_category()};
  Bench bench;
  SECTION("of reading, after what came before") {
    bench.from.reads = {{State::moved, "before"}, {State::failed, {}}, {State::moved, "after"}};
    bench.from.failure = reset;
    bench.to.writes = {{State::moved, 2}, {State::wait, 0}};
    CHECK(bench.pump.step() == PumpState::blocked);
    CHECK(bench.pump.step() == PumpState::blocked);
    CHECK(bench.pump.step() == PumpState::read_failed);
    CHECK(bench.to.taken == "before");
    CHECK(bench.to.finishes.empty());
    CHECK(bench.pump.step() == PumpState::read_failed);
    CHECK(bench.to.taken == "before");
  }
  SECTION("of writing") {
    bench.from.reads = {{State::moved, "0123"}, {State::moved, "4567"}};
    bench.to.failure = reset;
    bench.to.writes = {{State::failed, 0}};
    CHECK(bench.pump.step() == PumpState::write_failed);
    CHECK(bench.pump.step() == PumpState::write_failed);
    CHECK(bench.from.times_read == 1);
  }
  SECTION("of writing what was kept") {
    bench.from.reads = {{State::moved, "0123"}};
    bench.to.failure = reset;
    bench.to.writes = {{State::moved, 1}, {State::failed, 0}};
    CHECK(bench.pump.step() == PumpState::blocked);
    CHECK(bench.pump.step() == PumpState::write_failed);
    CHECK_FALSE(bench.pump.holds_bytes());
    CHECK(bench.pump.total() == 1);
  }
  SECTION("of the end") {
    bench.from.reads = {{State::end, {}}};
    bench.to.failure = reset;
    bench.to.ends = {State::failed};
    CHECK(bench.pump.step() == PumpState::write_failed);
  }
  CHECK(bench.pump.error() == reset);
}
