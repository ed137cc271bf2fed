// What a status page lives on: the history, the summary, and the stream of both.
#include <boost/json.hpp>

#include "proxy/admin/history.hpp"
#include "proxy/admin/summary.hpp"
#include "tests/unit/admin_fixture.hpp"
#include "tests/unit/catch.hpp"

namespace json = boost::json;
using namespace weir;
using namespace std::chrono_literals;
using test::AdminFixture;
using test::RawClient;
using test::status_of;

namespace {

constexpr std::chrono::system_clock::time_point kNoon{1'700'000'000s};

std::string open_live(RawClient& client, const std::string& query = {}, const std::string& fields = {}) {
  client.send("GET /api/v1/live" + query + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
  return client.until("retry: 2000\n\n");
}

// The next message of that type, its data only; the ones before it are passed over.
json::value next(RawClient& client, const std::string& type) {
  client.until("event: " + type + "\n");
  client.until("data: ");
  return json::parse(client.until("\n\n"));
}

}  // namespace

TEST_CASE("admin history: a sample is what came since the one before", "[admin]") {
  flow::Counters counters;
  admin::History history(3);
  counters.accepted[0].add(100);
  counters.bytes_to_client.add(1'000'000);
  history.add(kNoon, admin::sum({&counters}));
  CHECK(history.samples().empty());  // what was before is nobody's rate
  counters.accepted[1].add(2);
  counters.live[1].add(7);
  counters.bytes_from_client.add(30);
  counters.requests[0].add(4);
  counters.subflows_joined.add(5);
  counters.ended[1][static_cast<std::size_t>(flow::Code::reset)].add(6);
  history.add(kNoon + 5s, admin::sum({&counters}));
  CHECK(json::parse(admin::history_json(history, 5s)) ==
        json::parse(R"({"interval_s":5,"samples":[{"at":"2023-11-14T22:13:25.000Z","flows_live":{"tcp":0,"mptcp":7},
          "flows_accepted":{"tcp":0,"mptcp":2},"bytes_from_client":30,"bytes_to_client":0,"requests":4,"errors":6,
          "subflows_joined":5}]})"));
}

TEST_CASE("admin history: keeps the last, and readers take what is new to them", "[admin]") {
  flow::Counters counters;
  admin::History history(3);
  for (int i = 0; i <= 5; ++i) {
    counters.requests[0].add(static_cast<std::uint64_t>(i));
    history.add(kNoon + i * 5s, admin::sum({&counters}));
  }
  CHECK(history.count() == 5);
  REQUIRE(history.samples().size() == 3);
  CHECK(history.samples().front().requests == 3);
  CHECK(history.after(5).empty());
  REQUIRE(history.after(4).size() == 1);
  CHECK(history.after(4).front().requests == 5);
  CHECK(history.after(0).size() == 3);  // the others are gone
}

TEST_CASE("admin totals: which ends are errors", "[admin]") {
  using flow::Code;
  using flow::Side;
  const auto errors = [](Side side, Code code) {
    flow::Counters counters;
    counters.ended[static_cast<std::size_t>(side)][static_cast<std::size_t>(code)].add();
    return admin::sum({&counters}).errors();
  };
  for (const auto side : {Side::client, Side::upstream, Side::weir})
    for (const auto code : {Code::finished, Code::idle, Code::drained, Code::blocked, Code::denied})
      CHECK(errors(side, code) == 0);
  CHECK(errors(Side::client, Code::reset) == 0);
  CHECK(errors(Side::upstream, Code::reset) == 1);
  for (const auto code : {Code::refused, Code::timeout, Code::untrusted, Code::lost, Code::failed, Code::limit})
    CHECK(errors(Side::upstream, code) == 1);
}

TEST_CASE("admin summary: all that flows came to", "[admin]") {
  admin::Status status;
  status.bypasses = {"media", "lab"};
  flow::TallyReport tally;
  tally.ended[1] = 3;
  tally.live[1] = 2;
  tally.subflows[1] = 4;
  tally.ends[2][1][static_cast<std::size_t>(flow::Code::refused)] = 1;
  tally.ends[4][0][static_cast<std::size_t>(flow::Code::finished)] = 9;
  for (int i = 0; i < 30; ++i) tally.domains["d" + std::to_string(i)] = {.flows = 1};
  tally.domains["top.example"] = {.flows = 1, .requests = 5, .bytes_from_client = 6, .bytes_to_client = 7};
  tally.domains["\x1b[31m<b>"] = {.flows = 4};
  tally.rules["few"] = {.flows = 1, .requests = 0};
  tally.rules["many"] = {.flows = 0, .requests = 8};
  const admin::KernelCounters kernel{.rules = {{"direct", 11}, {"intercepted", 12}, {"bypass1", 13}, {"quic", 14}},
                                     .mptcp = {{"MPCapableSYNRX", 15}}};
  const auto summary = json::parse(admin::summary_json(status, tally, kernel));
  CHECK(summary.at("dispositions") ==
        json::parse(R"({"direct":11,"splice":5,"inspect":0,"decrypt":0,"block":0,"reset":0})"));
  CHECK(summary.at("subflows").as_array().size() == 9);
  CHECK(summary.at("subflows").at(1) == json::parse(R"({"subflows":2,"flows":4})"));
  CHECK(summary.at("rules") ==
        json::parse(R"([{"rule":"many","flows":0,"requests":8},{"rule":"few","flows":1,"requests":0}])"));
  CHECK(summary.at("bypasses") == json::parse(R"([{"name":"media","syns":0},{"name":"lab","syns":13}])"));
  CHECK(summary.at("domains").as_array().size() == 20);
  CHECK(summary.at("domains").at(0) ==
        json::parse(R"({"name":"top.example","flows":1,"requests":5,"bytes_from_client":6,"bytes_to_client":7})"));
  CHECK(summary.at("domains").at(1).at("name") == "?[31m<b>");
  CHECK(summary.at("ends") == json::parse(R"([{"stage":"relay","side":"client","code":"finished","flows":9},
                                              {"stage":"connect","side":"upstream","code":"refused","flows":1}])"));
  CHECK(summary.at("kernel").at("syns").at("intercepted") == 12);
  CHECK(summary.at("kernel").at("quic_refused") == 14);
  CHECK(summary.at("kernel").at("mptcp").at("MPCapableSYNRX") == 15);
}

TEST_CASE("admin live: history, status and summary come at once, then what is kept of events", "[admin]") {
  AdminFixture admin;
  for (std::uint64_t sequence = 5; sequence <= 7; ++sequence)
    admin.gateway.events_.push_back({sequence, kNoon, "reload", {}});
  admin.gateway.tally_.ended[4] = 3;
  admin.start();
  RawClient page(admin.port);
  CHECK(status_of(open_live(page)) == "HTTP/1.1 200 OK");
  CHECK(next(page, "history").at("interval_s") == 5);
  CHECK(next(page, "status").at("phase") == "running");
  CHECK(next(page, "summary").at("dispositions").at("block") == 3);
  CHECK(page.until("\n\n") == ": 4 events are no longer kept\n\n");
  CHECK(page.until("data: ") == "event: event\nid: 5\ndata: ");
  RawClient resumed(admin.port);
  open_live(resumed, "", "Last-Event-ID: 6\r\n");
  CHECK_THAT(resumed.until("id: "), ContainsSubstring("event: summary\n"));
  CHECK(resumed.until("\n") == "7\n");
  admin.announce(8);
  CHECK(next(resumed, "event").at("sequence") == 8);
}

TEST_CASE("admin live: status and summary come again, samples as they are made", "[admin]") {
  admin::Limits limits;
  limits.glance_every = 5ms;
  limits.sample_every = 5ms;
  AdminFixture admin(limits);
  admin.start();
  RawClient page(admin.port);
  open_live(page);
  next(page, "summary");
  admin.on_thread([&] { admin.gateway.tally_.ended[1] = 40; });
  while (next(page, "summary").at("dispositions").at("splice") != 40) continue;
  admin.gateway.one_.accepted[1].add(9);
  while (next(page, "sample").at("flows_accepted").at("mptcp") != 9) continue;
  const auto history = json::parse(test::body_of(admin.ask("GET", "/api/v1/history")));
  CHECK(history.at("samples").as_array().size() > 1);
}

TEST_CASE("admin live: pages that come and go are each shown what is", "[admin]") {
  admin::Limits limits;
  limits.glance_every = std::chrono::milliseconds(1);
  AdminFixture admin(limits);
  admin.start();
  for (int i = 1; i <= 20; ++i) {
    admin.on_thread([&] { admin.gateway.tally_.ended[1] = static_cast<std::uint64_t>(i); });
    RawClient page(admin.port);
    open_live(page);
    while (next(page, "summary").at("dispositions").at("splice") != i) continue;
  }
}

TEST_CASE("admin live: a worker that does not answer leaves the status, and costs the other answers only themselves",
          "[admin]") {
  admin::Limits limits;
  limits.patience = 30ms;
  AdminFixture admin(limits);
  admin.gateway.answers_ = false;
  admin.start();
  RawClient page(admin.port);
  open_live(page);
  CHECK(next(page, "status").at("ready") == true);
  admin.announce(1);
  CHECK(next(page, "event").at("n") == "v");
  CHECK(status_of(admin.ask("GET", "/api/v1/summary")) == "HTTP/1.1 503 Service Unavailable");
  const auto metrics = admin.ask("GET", "/metrics");
  CHECK(status_of(metrics) == "HTTP/1.1 200 OK");
  CHECK_THAT(metrics, ContainsSubstring("weir_flows_live") && !ContainsSubstring("weir_rule_matches"));
}

TEST_CASE("admin live: a hundred pages all get what happens, and the gateway is asked for one", "[admin]") {
  AdminFixture admin;
  admin.start();
  std::vector<std::unique_ptr<RawClient>> pages;
  for (int i = 0; i < 100; ++i) {
    pages.push_back(std::make_unique<RawClient>(admin.port));
    open_live(*pages.back());
  }
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) admin.announce(sequence);
  for (auto& page : pages)
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) CHECK(next(*page, "event").at("sequence") == sequence);
  admin.on_thread([&] { CHECK(admin.gateway.asked_ < 20); });
  // Idle readers of events share the limit; what is over it is told so.
  RawClient other(admin.port);
  other.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(status_of(other.until("retry: 2000\n\n")) == "HTTP/1.1 200 OK");
}

TEST_CASE("admin live: one that reads nothing holds up nobody", "[admin]") {
  admin::Limits limits;
  limits.glance_every = 1ms;
  limits.write_timeout = 100ms;
  AdminFixture admin(limits);
  admin.gateway.status_.configuration = std::string(1 << 20, 'x');  // so that it is soon behind
  admin.start();
  RawClient deaf(admin.port);
  deaf.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  RawClient page(admin.port);
  open_live(page);
  for (int i = 0; i < 20; ++i) next(page, "status");
  const auto readers = [&] {
    std::size_t count = 0;
    admin.on_thread([&] { count = admin.service.readers(); });
    return count;
  };
  while (readers() > 1) next(page, "status");  // it is let go
}
