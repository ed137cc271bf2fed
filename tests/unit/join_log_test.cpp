#include "proxy/flow/join_log.hpp"

#include "tests/unit/catch.hpp"
#include "tests/unit/make_policy.hpp"

using namespace weir;
using namespace std::chrono_literals;
using flow::JoinCause;
using flow::JoinLog;
using flow::MptcpCounters;
using weir::tests::endpoint;

namespace {

const JoinLog::Time kNow{1000h};
const auto kClient = endpoint("10.1.1.2:1000");
const auto kDestination = endpoint("198.51.100.7:443");
const auto kNobodys = [](std::uint32_t) { return false; };

std::uint64_t failed(const JoinLog& log, JoinCause cause) {
  return log.paths().at(0).failed.at(static_cast<std::size_t>(cause));
}

}  // namespace

TEST_CASE("a join that succeeds is counted as that", "[join_log]") {
  JoinLog log;
  log.syn(kClient, kDestination, 7, true, kNow, {});
  CHECK(log.is_waiting());
  log.joined(7, endpoint("10.1.1.2:1001"), kNow);  // another's
  log.joined(8, kClient, kNow);
  CHECK(log.is_waiting());
  log.joined(7, kClient, kNow);
  CHECK_FALSE(log.is_waiting());
  REQUIRE(log.paths().size() == 1);
  CHECK(flow::sentence(log.paths()[0], "direct") == "10.1.1.2 to 198.51.100.7:443: 1 of 1 join succeeded");
}

TEST_CASE("a subflow may be told of before its SYN is", "[join_log]") {
  JoinLog log;
  log.joined(7, kClient, kNow);
  log.joined(8, kClient, kNow - 3s);  // its SYN was never seen
  log.settle(kNow, {}, kNobodys);
  log.syn(kClient, kDestination, 7, true, kNow, {});
  log.syn(kClient, kDestination, 8, true, kNow, {});
  CHECK((log.paths()[0].attempts == 2 && log.paths()[0].joined == 1));
  CHECK(log.is_waiting());
}

TEST_CASE("a join that failed has the cause the kernel counted", "[join_log]") {
  struct Row {
    MptcpCounters counted;
    JoinCause cause;
  };
  const auto row = GENERATE(values<Row>({{{{"MismatchPortSynRx", 1}}, JoinCause::wrong_port},
                                         {{{"MPJoinNoTokenFound", 1}}, JoinCause::no_token},
                                         {{{"MPJoinAckHMacFailure", 1}}, JoinCause::wrong_hmac},
                                         {{{"MPJoinRejected", 1}}, JoinCause::refused},
                                         {{}, JoinCause::unfinished}}));
  JoinLog log;
  log.syn(kClient, kDestination, 7, true, kNow, {});
  CHECK(log.settle(kNow + 3s - 1ms, row.counted, kNobodys).empty());
  CHECK(log.is_waiting());
  const auto failures = log.settle(kNow + 3s, row.counted, kNobodys);
  REQUIRE(failures.size() == 1);
  CHECK((failures[0].client == kClient.address && failures[0].destination == kDestination));
  CHECK(failures[0].cause == row.cause);
  CHECK_FALSE(log.is_waiting());
  CHECK(failed(log, row.cause) == 1);
}

TEST_CASE("a join to somebody else's connection, and one to weir's that was learned late", "[join_log]") {
  JoinLog log;
  log.syn(kClient, kDestination, 7, false, kNow, {});
  log.syn(kClient, kDestination, 7, false, kNow + 1s, {});  // the same SYN again
  log.settle(kNow + 3s, {}, kNobodys);
  CHECK(log.paths()[0].attempts == 1);
  CHECK(failed(log, JoinCause::not_weirs) == 1);
  CHECK_THAT(flow::sentence(log.paths()[0], "drop"),
             ContainsSubstring("0 of 1 join succeeded; 1 of a connection that is "
                               "not weir's, and dropped (mptcp.joins.unknown = \"drop\")"));
  log.syn(kClient, kDestination, 8, false, kNow, {});
  log.settle(kNow + 3s, {}, [](std::uint32_t token) { return token == 8; });
  CHECK(failed(log, JoinCause::unfinished) == 1);
}

TEST_CASE("the quietest path makes room, the last is first", "[join_log]") {
  JoinLog log(2);
  const auto from = [](int i) { return endpoint("10.0.0." + std::to_string(i) + ":1"); };
  log.syn(from(1), kDestination, 1, true, kNow, {});
  log.syn(from(2), kDestination, 2, true, kNow, {});
  log.fell_back(from(1).address, kDestination);
  log.syn(from(3), kDestination, 3, true, kNow, {});
  REQUIRE(log.paths().size() == 2);
  CHECK(log.paths()[0].client == from(3).address);
  CHECK(log.paths()[1].client == from(1).address);
  CHECK_THAT(flow::sentence(log.paths()[1], "direct"), ContainsSubstring("1 connection fell back to TCP"));
}

TEST_CASE("the counters say what happened anywhere", "[join_log]") {
  CHECK(flow::sentences({}).empty());
  CHECK(flow::sentences({{"MPCapableSYNRX", 9}, {"MPJoinRejected", 0}}).empty());
  const auto told = flow::sentences({{"MPCapableFallbackACK", 2}, {"DataCsumErr", 1}});
  REQUIRE(told.size() == 2);
  CHECK_THAT(told[0], ContainsSubstring("2 connections went on as TCP"));
  CHECK_THAT(told[1], ContainsSubstring("1 checksum of data was wrong"));
}
