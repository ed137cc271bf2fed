// What the API and the metrics say, from made-up facts.
#include <regex>
#include <set>

#include <boost/json.hpp>

#include "proxy/admin/client/reports.hpp"
#include "proxy/admin/flow_query.hpp"
#include "proxy/admin/metrics.hpp"
#include "proxy/admin/problem.hpp"
#include "proxy/admin/target.hpp"
#include "proxy/admin/views.hpp"
#include "proxy/kernel/mptcp_counters.hpp"
#include "tests/unit/admin_fixture.hpp"
#include "tests/unit/catch.hpp"

namespace json = boost::json;
using namespace weir;
using test::made_up_flow;

TEST_CASE("admin views: the status", "[admin]") {
  flow::Counters one;
  flow::Counters two;
  one.live[1].add(3);
  two.live[1].add(4);
  two.ended[0][0].add(5);
  one.ended[2][1].add(1);
  admin::Status status;
  status.version = "1.2";
  status.phase = admin::Phase::running;
  status.rules_installed = true;
  status.intercept_ports = {80, 443};
  const auto text = admin::status_json(status, admin::sum({&one, &two}), status.started + std::chrono::seconds(5));
  const auto value = json::parse(text);
  CHECK(value.at("phase") == "running");
  CHECK(value.at("ready") == true);
  CHECK(value.at("uptime_ms") == 5000);
  CHECK(value.at("intercept_ports") == json::array{80, 443});
  CHECK(value.at("counters").at("flows_live").at("mptcp") == 7);
  CHECK(value.at("counters").at("flows_ended") == 6);
  CHECK(value.as_object().contains("reload_refused") == false);
  CHECK_THAT(admin::status_report(value), !ContainsSubstring("REFUSED"));
  status.reload_refused = "weir.toml:3:1: error: unknown key 'x'";
  const auto refused = json::parse(admin::status_json(status, {}, status.started));
  CHECK_THAT(admin::status_report(refused),
             ContainsSubstring("THE LAST RELOAD WAS REFUSED: weir.toml:3:1: error: unk"));
  CHECK_THAT(admin::metrics_text(status, {}, {}, {}), ContainsSubstring("\nweir_last_reload_refused 1\n"));
}

TEST_CASE("admin views: decryption in the status", "[admin][tls]") {
  admin::Status status;
  auto value = json::parse(admin::status_json(status, {}, status.started));
  CHECK(value.at("tls") == json::parse(R"({"decrypts": false, "exceptions": 0, "first_exceptions": []})"));
  CHECK_THAT(admin::status_report(value), ContainsSubstring("\ndecryption          off\n"));
  flow::Counters one;
  flow::Counters two;
  one.tls_decrypted.add(3);
  two.tls_decrypted.add(4);
  one.tls_resumed[0].add(5);
  two.tls_resumed[1].add(6);
  one.tls_untrusted.add(1);
  one.tls_handshake_failed[1].add(2);
  two.tls_not_decrypted[static_cast<std::size_t>(flow::TlsCause::rejected)].add(8);
  two.tls_not_decrypted[static_cast<std::size_t>(flow::TlsCause::not_tls)].add(1);
  status.tls = {.decrypts = true,
                .ca = {.subject = "CN = weir",
                       .expires = std::chrono::system_clock::time_point(std::chrono::seconds(2'000'000'000)),
                       .sha256 = "AB:CD"},
                .leaves = {.made = 10, .hits = 90, .kept = 9},
                .exceptions = 7,
                .first_exceptions = {{.cause = flow::TlsCause::rejected,
                                      .client = *policy::Address::parse("10.1.0.2"),
                                      .destination = {},
                                      .name = "www.example",
                                      .left = std::chrono::hours(2)}}};
  value = json::parse(admin::status_json(status, admin::sum({&one, &two}), status.started));
  const auto& tls = value.at("tls");
  CHECK(tls.at("ca") ==
        json::parse(R"({"subject": "CN = weir", "expires": "2033-05-18T03:33:20.000Z", "sha256": "AB:CD"})"));
  CHECK(tls.at("leaves") == json::parse(R"({"made": 10, "cache_hits": 90, "cached": 9})"));
  CHECK(tls.at("exceptions") == 7);
  CHECK(tls.at("first_exceptions").as_array().size() == 1);
  const auto& counters = value.at("counters").at("tls");
  CHECK(counters.at("decrypted") == 7);
  CHECK(counters.at("resumed") == json::parse(R"({"client": 5, "upstream": 6})"));
  CHECK(counters.at("untrusted") == 1);
  CHECK(counters.at("handshake_failed") == json::parse(R"({"client": 0, "upstream": 2})"));
  CHECK(counters.at("not_decrypted").at("rejected") == 8);
  CHECK(counters.at("not_decrypted").as_object().size() == flow::kTlsCauses);
  const auto report = admin::status_report(value);
  CHECK_THAT(report, ContainsSubstring("decryption          by CN = weir, until 2033-05-18T03:33:20.000Z\n"
                                       "flows decrypted     7 (5 resumed by the client, 6 with the origin)\n"
                                       "not decrypted       9\n"
                                       "untrusted origins   1\n"
                                       "exceptions          7, see weir exceptions list\n"
                                       "                    10.1.0.2, www.example: the client refused weir's "
                                       "certificate with an alert; for another 2 h 0 min\n"));
  status.tls.decrypts = false;  // since a reload; what was learned still is
  value = json::parse(admin::status_json(status, {}, status.started));
  CHECK_FALSE(value.at("tls").as_object().contains("ca"));
  CHECK_THAT(admin::status_report(value), ContainsSubstring("decryption          off\n") &&
                                              ContainsSubstring("exceptions          7, see weir exceptions list\n"));
}

TEST_CASE("admin views: requests at a glance", "[admin][http]") {
  flow::Counters one;
  flow::Counters two;
  one.requests[static_cast<std::size_t>(flow::RequestEnd::finished)].add(5);
  two.requests[static_cast<std::size_t>(flow::RequestEnd::finished)].add(6);
  one.requests[static_cast<std::size_t>(flow::RequestEnd::blocked)].add(2);
  two.requests[static_cast<std::size_t>(flow::RequestEnd::reset)].add(1);
  one.responses[1].add(7);
  const admin::Status status;
  auto value = json::parse(admin::status_json(status, admin::sum({&one, &two}), status.started));
  const auto& http = value.at("counters").at("http");
  CHECK(http.at("requests").at("finished") == 11);
  CHECK(http.at("requests").as_object().size() == flow::kRequestEnds);
  CHECK(http.at("responses") == json::parse(R"({"1xx": 0, "2xx": 7, "3xx": 0, "4xx": 0, "5xx": 0})"));
  CHECK(http.at("domain_fronting") == 0);
  CHECK_THAT(admin::status_report(value), ContainsSubstring("\nrequests            14 (3 blocked)\n"));
  two.domain_fronting.add(4);
  value = json::parse(admin::status_json(status, admin::sum({&one, &two}), status.started));
  CHECK_THAT(admin::status_report(value),
             ContainsSubstring("14 (3 blocked), 4 for another name than the handshake's\n"));
}

TEST_CASE("admin views: ready only when running, with the rules in place or the operator's own", "[admin]") {
  admin::Status status;
  CHECK(admin::why_not_ready(status) == "weir is starting");
  status.phase = admin::Phase::running;
  CHECK(admin::why_not_ready(status) == "the kernel rules are not installed");
  status.manage_network = false;
  CHECK(admin::why_not_ready(status).empty());
  status.phase = admin::Phase::draining;
  CHECK(admin::why_not_ready(status) == "weir is draining");
}

TEST_CASE("admin views: flows", "[admin]") {
  auto flow = made_up_flow(1);
  flow.idle = std::chrono::milliseconds(70);
  flow.subflows_now = 2;
  const auto value = json::parse(admin::flow_json(flow));
  CHECK(value.at("id") == "0000000000000001");
  CHECK(value.at("live") == true);
  CHECK(value.at("idle_ms") == 70);
  CHECK(value.at("subflows_now") == 2);
  CHECK_FALSE(value.as_object().contains("requests"));
  flow.disposition = flow::Disposition::inspect;
  flow.requests = 3;
  CHECK(json::parse(admin::flow_json(flow)).at("requests") == 3);
  CHECK_THAT(admin::flow_report(json::parse(admin::flow_json(flow))), ContainsSubstring("\nrequests            3\n"));
  const auto list = json::parse(admin::flows_json({flow, flow}, 9, 5));
  CHECK(list.at("total") == 9);
  CHECK(list.at("matched") == 5);
  CHECK(list.at("flows").as_array().size() == 2);
  CHECK(json::parse(admin::flows_json({}, 0, 0)).at("flows").as_array().empty());
}

TEST_CASE("admin query: what is right and what is not", "[admin]") {
  CHECK(admin::FlowQuery::parse({})->limit == 1000);
  CHECK(admin::FlowQuery::parse({{"limit", "10000"}, {"transport", "mptcp"}})->transport == flow::Transport::mptcp);
  struct Row {
    const char* name;
    const char* value;
    const char* error;
  };
  const Row rows[] = {
      {"limit", "10001", "limit is a number from 1 to 10000"},
      {"limit", "-1", "limit is a number from 1 to 10000"},
      {"limit", "", "limit is a number from 1 to 10000"},
      {"sort", "size",
       "sort is age, bytes, bytes_from_client, bytes_to_client, idle, subflows, requests, client, destination, domain, "
       "rule, transport, disposition or id"},
      {"order", "up", "order is asc or desc"},
      {"disposition", "eaten", "disposition is direct, splice, inspect, decrypt, block or reset"},
      {"transport", "udp", "transport is tcp or mptcp"},
      {"client", "host", "client is an address or a prefix such as 192.0.2.0/24"},
      {"frob", "1",
       "flows can be asked by limit, sort, order, transport, disposition, client, destination and text only"},
  };
  for (const auto& row : rows) {
    INFO(row.name << "=" << row.value);
    CHECK(admin::FlowQuery::parse({{row.name, row.value}}).error() == row.error);
  }
}

TEST_CASE("admin query: selects, sorts and cuts", "[admin]") {
  std::vector<flow::Record> flows{made_up_flow(1), made_up_flow(2, "192.0.2.9:1"), made_up_flow(3, "[2001:db8::1]:1")};
  flows[0].bytes_to_client = 50;
  flows[1].bytes_from_client = 70;
  flows[0].transport = flow::Transport::mptcp;
  flows[0].subflows_now = 4;
  flows[2].idle = std::chrono::seconds(9);
  const auto ids = [&](std::vector<std::pair<std::string, std::string>> query) {
    const auto selection = admin::FlowQuery::parse(query)->select(flows);
    CHECK(selection.total == 3);
    std::string text = std::to_string(selection.matched) + ":";
    for (const auto& flow : selection.shown) text += " " + std::to_string(flow.id);
    return text;
  };
  CHECK(ids({}) == "3: 3 2 1");
  CHECK(ids({{"limit", "2"}}) == "3: 3 2");
  CHECK(ids({{"sort", "bytes"}}) == "3: 2 1 3");
  CHECK(ids({{"sort", "subflows"}}) == "3: 1 3 2");
  CHECK(ids({{"sort", "idle"}, {"limit", "1"}}) == "3: 3");
  CHECK(ids({{"transport", "tcp"}}) == "2: 3 2");
  CHECK(ids({{"client", "192.0.2.0/29"}}) == "1: 1");
  CHECK(ids({{"destination", "203.0.113.0/24"}}) == "0:");
  CHECK(ids({{"sort", "age"}, {"order", "desc"}}) == "3: 1 2 3");
  CHECK(ids({{"sort", "bytes"}, {"order", "asc"}}) == "3: 3 1 2");
  CHECK(ids({{"sort", "bytes_to_client"}}) == "3: 1 3 2");
  CHECK(ids({{"sort", "client"}}) == "3: 1 2 3");
  CHECK(ids({{"sort", "id"}, {"order", "desc"}}) == "3: 3 2 1");
  flows[1].disposition = flow::Disposition::block;
  flows[1].domain = "Ads.example";
  flows[2].rule = "banks";
  CHECK(ids({{"sort", "disposition"}}) == "3: 2 3 1");
  CHECK(ids({{"sort", "domain"}, {"order", "desc"}}) == "3: 2 3 1");
  CHECK(ids({{"sort", "rule"}, {"order", "desc"}, {"limit", "1"}}) == "3: 3");
  CHECK(ids({{"sort", "transport"}, {"order", "desc"}}) == "3: 1 3 2");
  CHECK(ids({{"disposition", "block"}}) == "1: 2");
  CHECK(ids({{"text", "ADS.ex"}}) == "1: 2");
  CHECK(ids({{"text", "bank"}}) == "1: 3");
  CHECK(ids({{"text", "2001:db8"}}) == "1: 3");
  CHECK(ids({{"text", "198.51.100.7:443"}}) == "3: 3 2 1");
  CHECK(ids({{"text", "0000000000000001"}}) == "1: 1");
  CHECK(ids({{"text", "nowhere"}}) == "0:");
}

TEST_CASE("admin target: taken apart", "[admin]") {
  const auto target = admin::parse_target("/a?b=c%20d&&e&f=g=h&%26=");
  REQUIRE(target);
  CHECK(target->path == "/a");
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(target->query == Pairs{{"b", "c d"}, {"e", ""}, {"f", "g=h"}, {"&", ""}});
  CHECK(admin::parse_target("/")->query.empty());
  for (const auto* wrong : {"", "a", "*", "http://x/", "/a?b=%", "/a?b=%4", "/a?b=%zz", "/a?%+1=b"}) {
    INFO(wrong);
    CHECK_FALSE(admin::parse_target(wrong));
  }
}

TEST_CASE("admin kernel counters: the MPTcpExt lines", "[admin]") {
  const auto counters = kernel::parse_mptcp_counters(
      "TcpExt: SyncookiesSent Other\nTcpExt: 1 2\nMPTcpExt: MPCapableSYNRX MPCurrEstab\nMPTcpExt: 7 "
      "18446744073709551615\n");
  REQUIRE(counters.size() == 2);
  CHECK(counters.at("MPCapableSYNRX") == 7);
  CHECK(counters.at("MPCurrEstab") == 18446744073709551615ULL);
  for (const auto* none : {"", "\n", "TcpExt: A\nTcpExt: 1\n", "MPTcpExt: A B\n", "MPTcpExt: A\nMPTcpExt: x\n"}) {
    INFO(none);
    CHECK(kernel::parse_mptcp_counters(none).empty());
  }
  CHECK(kernel::parse_mptcp_counters("MPTcpExt: A B\nMPTcpExt: 1\n").size() == 1);
}

namespace {

// Prometheus' text format, as strictly as its own linter: returns what is wrong, or nothing.
std::string lint(const std::string& text) {
  static const std::regex help("# HELP (weir_[a-zA-Z0-9_]+) .+[.]");
  static const std::regex type("# TYPE (weir_[a-zA-Z0-9_]+) (counter|gauge)");
  static const std::regex sample("(weir_[a-zA-Z0-9_]+)(\\{([a-z]+=\"[^\"]*\",?)+\\})? [0-9]+");
  std::set<std::string> seen;
  std::string family;
  std::istringstream lines(text);
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, help)) {
      family = match[1];
      if (!seen.insert(family).second) return "twice: " + line;
    } else if (std::regex_match(line, match, type)) {
      const bool total = family.ends_with("_total");
      if (match[1] != family || (match[2] == "counter") != total) return "type: " + line;
    } else if (!std::regex_match(line, match, sample) || match[1] != family || !seen.insert(line).second) {
      return "sample: " + line;
    }
  }
  return text.ends_with('\n') ? "" : "no newline at the end";
}

}  // namespace

TEST_CASE("admin metrics: well formed, with every family", "[admin]") {
  flow::Counters one;
  one.accepted[1].add(2);
  one.ended[1][1].add(3);
  one.relayed_by_splice.add(1'000'000'000'000);
  admin::Status status;
  status.version = "1.2\"3\\4\n";
  status.bypasses = {"media", "lab"};
  const admin::KernelCounters kernel{.rules = {{"intercepted", 7}, {"direct", 26}, {"bypass1", 8}},
                                     .mptcp = {{"MPJoinSynRx", 5}, {"MPCurrEstab", 6}}};
  one.tls_decrypted.add(11);
  one.tls_resumed[1].add(12);
  one.tls_untrusted.add(13);
  one.tls_handshake_failed[0].add(14);
  one.tls_not_decrypted[static_cast<std::size_t>(flow::TlsCause::encrypted_client_hello)].add(15);
  one.requests[static_cast<std::size_t>(flow::RequestEnd::blocked)].add(20);
  one.responses[4].add(21);
  one.domain_fronting.add(22);
  flow::TallyReport tally;
  tally.ended[static_cast<std::size_t>(flow::Disposition::block)] = 23;
  tally.live[static_cast<std::size_t>(flow::Disposition::block)] = 5;  // may yet come to another
  tally.rules["ads"] = {.flows = 24, .requests = 25};
  status.tls.leaves = {.made = 16, .hits = 17, .kept = 18};
  status.tls.exceptions = 19;
  CHECK_THAT(admin::metrics_text(status, admin::sum({&one}), kernel, {}), !ContainsSubstring("ca_expiry"));
  status.tls.decrypts = true;
  status.tls.ca.expires = std::chrono::system_clock::time_point(std::chrono::seconds(2'000'000'000));
  const auto text = admin::metrics_text(status, admin::sum({&one}), kernel, tally);
  CHECK(lint(std::regex_replace(text, std::regex("version=\"[^\\n]*\"\\}"), "version=\"v\"}")) == "");
  for (const auto* line : {"weir_build_info{version=\"1.2\\\"3\\\\4\\n\"} 1",
                           "weir_flows_accepted_total{transport=\"mptcp\"} 2",
                           "weir_flows_ended_total{side=\"upstream\",code=\"reset\"} 3",
                           "weir_relayed_bytes_total{method=\"splice\"} 1000000000000",
                           "weir_kernel_mptcp_MPJoinSynRx_total 5",
                           "weir_kernel_mptcp_MPCurrEstab 6",
                           "weir_phase{phase=\"starting\"} 1",
                           "weir_syns_total{verdict=\"intercepted\"} 7",
                           "weir_bypass_syns_total{bypass=\"media\"} 0",
                           "weir_flows_decided_total{disposition=\"block\"} 23",
                           "weir_flows_decided_total{disposition=\"direct\"} 26",
                           "weir_rule_matches_total{rule=\"ads\",of=\"flow\"} 24",
                           "weir_rule_matches_total{rule=\"ads\",of=\"request\"} 25",
                           "weir_requests_total{end=\"finished\"} 0",
                           "weir_requests_total{end=\"blocked\"} 20",
                           "weir_responses_total{class=\"1xx\"} 0",
                           "weir_responses_total{class=\"5xx\"} 21",
                           "weir_domain_fronting_total 22",
                           "weir_tls_decrypts 1",
                           "weir_tls_decrypted_flows_total 11",
                           "weir_tls_resumed_total{side=\"client\"} 0",
                           "weir_tls_resumed_total{side=\"upstream\"} 12",
                           "weir_tls_untrusted_origins_total 13",
                           "weir_tls_handshake_failures_total{side=\"client\"} 14",
                           "weir_tls_not_decrypted_total{cause=\"ech\"} 15",
                           "weir_tls_not_decrypted_total{cause=\"rejected\"} 0",
                           "weir_tls_leaves_made_total 16",
                           "weir_tls_leaf_cache_hits_total 17",
                           "weir_tls_leaf_cache_size 18",
                           "weir_tls_exceptions 19",
                           "weir_tls_ca_expiry_time_seconds 2000000000",
                           "weir_bypass_syns_total{bypass=\"lab\"} 8",
                           "weir_phase{phase=\"running\"} 0"}) {
    CHECK_THAT(text, ContainsSubstring(std::string("\n") + line + "\n"));
  }
}
