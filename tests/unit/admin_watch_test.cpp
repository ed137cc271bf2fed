// `weir status --watch`: the stream's messages read, and a glance cut to the terminal.
#include <boost/json.hpp>

#include "proxy/admin/client/glance_report.hpp"
#include "proxy/admin/client/live_messages.hpp"
#include "tests/unit/catch.hpp"

namespace json = boost::json;
using namespace weir;

namespace {

std::string whole(const admin::Glimpse& glimpse, admin::ScreenSize size = {.columns = 200, .rows = 100}) {
  std::string text;
  for (const auto& line : admin::glance_report(glimpse, size)) text += line.text + "\n";
  return text;
}

const std::string kStatus = R"({"version":"1.0","phase":"running","ready":true,"uptime_ms":61000,"mptcp":true,
  "max_flows":1000,"tls":{"decrypts":true},"counters":{"flows_live":{"tcp":2,"mptcp":5},
  "flows_accepted":{"tcp":30,"mptcp":10},"tls":{"decrypted":7,"untrusted":1,"handshake_failed":{"client":0,"upstream":2},
  "not_decrypted":{"rejected":3,"ech":0}}}})";

admin::Glimpse glimpse(json::value summary = json::object{}) {
  admin::Glimpse one;
  one.take("history", R"({"interval_s":5,"samples":[{"requests":1},{"flows_accepted":{"tcp":10,"mptcp":2},
    "requests":100,"errors":1,"subflows_joined":0,"bytes_from_client":5120,"bytes_to_client":10485760}]})");
  CHECK(one.take("status", kStatus) == false);
  CHECK(one.take("summary", json::serialize(summary)));
  return one;
}

json::value big_summary() {
  json::array domains;
  json::array rules;
  for (int i = 0; i < 20; ++i) {
    domains.push_back({{"name", "d" + std::to_string(i) + "." + std::string(60, 'x')}, {"flows", i}, {"requests", 0}});
    rules.push_back({{"rule", "r" + std::to_string(i)}, {"flows", i}, {"requests", 0}});
  }
  return {{"dispositions", {{"direct", 4}, {"splice", 0}}},
          {"subflows", {{{"subflows", 1}, {"flows", 6}}, {{"subflows", 2}, {"flows", 0}}}},
          {"domains", domains},
          {"rules", rules},
          {"bypasses", {{{"name", "media"}, {"syns", 12}}}},
          {"ends", {{{"stage", "connect"}, {"side", "upstream"}, {"code", "refused"}, {"flows", 3}}}}};
}

}  // namespace

TEST_CASE("watch: messages however they are cut", "[admin]") {
  const std::string text =
      "retry: 2000\n\n: 3 events are no longer kept\n\nevent: status\ndata: {\"a\":1}\n\nid: 7\ndata: x\n\n"
      "event: summary\ndata:{}\n\nevent: half\ndata: y\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    std::string seen;
    admin::LiveMessages messages([&](const auto& type, const auto& data) { seen += type + "=" + data + ";"; });
    for (std::size_t at = 0; at < text.size(); at += step) CHECK(messages.add(text.substr(at, step)));
    CHECK(seen == "status={\"a\":1};=x;summary={};");
  }
}

TEST_CASE("watch: a message without an end is not waited for", "[admin]") {
  admin::LiveMessages messages([](const auto&, const auto&) {}, 100);
  CHECK(messages.add("data: " + std::string(90, 'x')));
  CHECK_FALSE(messages.add(std::string(90, 'x')));
  admin::LiveMessages many([](const auto&, const auto&) {}, 100);
  CHECK_FALSE(many.add("data: " + std::string(60, 'x') + "\ndata: " + std::string(60, 'x') + "\n"));
}

TEST_CASE("watch: what a glance says", "[admin]") {
  const auto text = whole(glimpse(big_summary()));
  for (const auto* part :
       {"weir 1.0, running, up 1 min 1 s\n", "7 live of at most 1000 (5 MPTCP), 2.4/s new\n",
        "20.0/s requests, 0.2/s errors, 0.0/s subflows joined\n", "1.0 KiB/s from clients, 2.0 MiB/s to clients\n",
        "decided   4 direct, 0 splice\n", "25.0 % of the flows accepted; subflows: 6 with 1\n",
        "7 decrypted, 1 untrusted origins; handshakes failed: 2 upstream; not decrypted: 3 rejected\n", "TOP DOMAINS",
        "media", "refused      upstream  connect      3\n"})
    CHECK_THAT(text, ContainsSubstring(part));
  CHECK_THAT(text, !ContainsSubstring("NOT READY"));
}

TEST_CASE("watch: a glance fits every size", "[admin]") {
  const auto one = glimpse(big_summary());
  for (std::size_t rows = 0; rows < 60; ++rows)
    for (const std::size_t columns : {0UL, 1UL, 20UL, 63UL, 80UL, 200UL}) {
      const auto lines = admin::glance_report(one, {.columns = columns, .rows = rows});
      CHECK(lines.size() <= rows);
      for (const auto& line : lines) CHECK(line.text.size() <= columns);
    }
  // What there is room for is shared by the tables.
  const auto text = whole(one, {.columns = 80, .rows = 24});
  for (const auto* part : {"TOP DOMAINS", "RULES", "BYPASSES", "FLOWS ENDED"})
    CHECK_THAT(text, ContainsSubstring(part));
}

TEST_CASE("watch: nothing of the network is obeyed by the terminal", "[admin]") {
  const std::string hostile = "a\x1b[2J\x07\xc2\x9b\r\n\xe2\x80\xae";
  admin::Glimpse one = glimpse({{"domains", {{{"name", hostile}, {"flows", 1}}}},
                                {"rules", {{{"rule", hostile}, {"flows", 1}}}},
                                {"bypasses", {{{"name", hostile}, {"syns", 1}}}},
                                {"ends", {{{"code", hostile}, {"flows", 1}}}},
                                {"dispositions", {{hostile, 1}}}});
  one.trouble = hostile;
  for (const auto& line : admin::glance_report(one, {.columns = 200, .rows = 100}))
    for (const char c : line.text) CHECK((c >= ' ' && c <= '~'));
}

TEST_CASE("watch: another version's answers, and none", "[admin]") {
  admin::Glimpse one;
  CHECK(whole(one).empty());
  one.trouble = "no weir answers at 127.0.0.1:9080";
  CHECK(whole(one) == one.trouble + "\n");
  CHECK_FALSE(one.take("status", "{"));
  CHECK_FALSE(one.take("status", "[]"));
  CHECK(one.take("summary", "[1]"));
  CHECK(one.trouble.empty());
  whole(one);
  CHECK_FALSE(one.take("status", R"({"ready":false,"not_ready":"weir is draining","counters":7,"tls":[]})"));
  one.take("summary", R"({"domains":7,"rules":[1,null],"subflows":{}})");
  CHECK_THAT(whole(one), ContainsSubstring("NOT READY: weir is draining\n"));
}

TEST_CASE("watch: a status is shown alone where no summary comes", "[admin]") {
  auto one = glimpse();
  CHECK_FALSE(one.take("status", kStatus));
  CHECK(one.take("status", kStatus));
  CHECK(one.take("status", kStatus));
  CHECK(one.take("summary", "{}"));
  CHECK_FALSE(one.take("status", kStatus));
}
