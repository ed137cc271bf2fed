#include "proxy/session/paths.hpp"

#include "tests/unit/catch.hpp"

using namespace weir;
using session::close_paths;
using session::take_event;
using session::take_sample;

namespace {

const auto kLocal = *policy::Endpoint::parse("198.51.100.1:443");
const auto kFirst = *policy::Endpoint::parse("192.0.2.1:1000");
const auto kSecond = *policy::Endpoint::parse("192.0.3.1:2000");

kernel::SubflowState subflow(const policy::Endpoint& client, std::uint64_t received) {
  kernel::SubflowState state;
  state.local = kLocal;
  state.remote = client;
  state.bytes_received = received;
  return state;
}

kernel::PathEvent event(kernel::PathEvent::Kind kind, const policy::Endpoint& client, int error = 0) {
  kernel::PathEvent e{};
  e.kind = kind;
  e.local = kLocal;
  e.remote = client;
  e.error = error;
  return e;
}

using Kind = kernel::PathEvent::Kind;

}  // namespace

TEST_CASE("the most subflows seen at once stay on record") {
  flow::Record record;
  take_sample(record, {subflow(kFirst, 1)});
  CHECK(record.subflows == 1);
  CHECK(take_event(record, event(Kind::subflow_established, kSecond)));
  CHECK(record.subflows == 2);
  CHECK(take_event(record, event(Kind::subflow_closed, kFirst, ETIMEDOUT)));
  CHECK(record.subflows == 2);
  CHECK(record.subflows_now == 1);
  CHECK(record.paths.size() == 2);
}

TEST_CASE("a path that ended keeps its last bytes and its reason") {
  flow::Record record;
  take_sample(record, {subflow(kFirst, 10), subflow(kSecond, 20)});
  take_event(record, event(Kind::subflow_closed, kSecond, ETIMEDOUT));
  take_sample(record, {subflow(kFirst, 30)});
  REQUIRE(record.paths.size() == 2);
  CHECK(record.paths[0].bytes_from_client == 30);
  CHECK(record.paths[1].bytes_from_client == 20);
  CHECK_FALSE(record.paths[1].live);
  CHECK(record.paths[1].end == kernel::describe_end(event(Kind::subflow_closed, kSecond, ETIMEDOUT)));
}

TEST_CASE("a sample that misses a path before its event came does not hide the reason") {
  flow::Record record;
  take_sample(record, {subflow(kFirst, 1), subflow(kSecond, 1)});
  take_sample(record, {subflow(kFirst, 2)});
  CHECK(record.subflows_now == 1);
  CHECK(take_event(record, event(Kind::subflow_closed, kSecond, ECONNRESET)));
  CHECK(record.paths[1].end == kernel::describe_end(event(Kind::subflow_closed, kSecond, ECONNRESET)));
}

TEST_CASE("a path that comes back is another subflow") {
  flow::Record record;
  take_event(record, event(Kind::subflow_established, kSecond));
  take_event(record, event(Kind::subflow_closed, kSecond));
  take_event(record, event(Kind::subflow_established, kSecond));
  CHECK(record.paths.size() == 2);
  CHECK(record.paths[1].live);
}

TEST_CASE("of paths that came and went only the last are kept, and how many there were") {
  flow::Record record;
  CHECK(take_event(record, event(Kind::subflow_established, kFirst)));
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    const policy::Endpoint client{kSecond.address, port};
    CHECK(take_event(record, event(Kind::subflow_established, client)));
    CHECK(take_event(record, event(Kind::subflow_closed, client)));
  }
  CHECK(record.paths.size() == 64);
  CHECK(record.paths_left_out == 1001 - 64);
  CHECK((record.paths.front().client == kFirst && record.paths.front().live));
  CHECK(record.paths.back().client.port == 1000);
}

TEST_CASE("an event of a path nobody knows changes nothing") {
  flow::Record record;
  CHECK_FALSE(take_event(record, event(Kind::subflow_closed, kFirst)));
  CHECK(record.paths.empty());
}

TEST_CASE("what is live when the connection ends, ended with it") {
  flow::Record record;
  take_sample(record, {subflow(kFirst, 1)});
  close_paths(record);
  CHECK(record.paths[0].end == "connection closed");
  CHECK(record.subflows_now == 0);
  CHECK(record.subflows == 1);
}
