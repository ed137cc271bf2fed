// What flows and requests come to: the tally of a worker, and the names that come most often.
#include "proxy/flow/tally.hpp"

#include <string>

#include "tests/unit/catch.hpp"

using namespace weir;
using flow::Disposition;

namespace {

std::size_t index_of(auto value) { return static_cast<std::size_t>(value); }

flow::Record record(std::string domain, std::string rule, Disposition disposition) {
  flow::Record record;
  record.domain = std::move(domain);
  record.rule = std::move(rule);
  record.disposition = disposition;
  record.bytes_from_client = 10;
  record.bytes_to_client = 1000;
  record.end = flow::End{flow::Stage::relay, flow::Side::client, flow::Code::finished, {}};
  return record;
}

}  // namespace

TEST_CASE("top names: each is counted while there is place", "[tally]") {
  flow::TopNames names(3);
  for (int i = 0; i < 3; ++i)
    for (const auto* name : {"a.example", "b.example", "c.example"})
      names.add(name, {.flows = 1, .bytes_to_client = 7});
  names.add("b.example", {.requests = 5});
  const auto counts = names.counts();
  REQUIRE(counts.size() == 3);
  CHECK(counts.find("a.example")->second.flows == 3);
  CHECK(counts.find("b.example")->second.requests == 5);
  CHECK(counts.find("c.example")->second.bytes_to_client == 21);
}

TEST_CASE("top names: those that come often are not pushed out by many that come once", "[tally]") {
  flow::TopNames names(64);
  for (int i = 0; i < 100'000; ++i) {
    names.add("once-" + std::to_string(i) + ".example", {.requests = 1});
    if (i % 20 == 0) names.add("often.example", {.requests = 1});
    if (i % 25 == 0) names.add("also.example", {.flows = 1});
  }
  const auto counts = names.counts();
  CHECK(counts.size() == 64);
  REQUIRE(counts.contains("often.example"));
  CHECK(counts.find("often.example")->second.requests > 4900);  // never more than there were
  CHECK(counts.find("often.example")->second.requests <= 5000);
  REQUIRE(counts.contains("also.example"));
  CHECK(counts.find("also.example")->second.flows > 3900);
}

TEST_CASE("top names: one that took another's place begins anew", "[tally]") {
  flow::TopNames names(1);
  for (int i = 0; i < 9; ++i) names.add("first.example", {.flows = 1});
  names.add("second.example", {.requests = 2});
  const auto counts = names.counts();
  REQUIRE(counts.size() == 1);
  CHECK(counts.begin()->first == "second.example");
  CHECK(counts.begin()->second.flows == 0);
  CHECK(counts.begin()->second.requests == 2);
}

TEST_CASE("top names: what is too long to be a name is cut", "[tally]") {
  flow::TopNames names(2);
  names.add(std::string(100'000, 'x'), {.flows = 1});
  CHECK(names.counts().begin()->first == std::string(253, 'x'));
  flow::TopNames none(0);
  none.add("a.example", {.flows = 1});
  CHECK(none.counts().empty());
}

TEST_CASE("tally: flows by disposition, rule, name and end", "[tally]") {
  flow::Tally tally;
  tally.flow_ended(record("a.example", "ads", Disposition::block));
  tally.flow_ended(record("a.example", "", Disposition::splice));
  tally.flow_ended(record("", "ads", Disposition::block));
  tally.request_ended("a.example", "ads");
  tally.request_ended("", "");
  const auto report = tally.report();
  CHECK(report.ended[index_of(Disposition::block)] == 2);
  CHECK(report.ended[index_of(Disposition::splice)] == 1);
  REQUIRE(report.rules.size() == 1);
  CHECK(report.rules.find("ads")->second.flows == 2);
  CHECK(report.rules.find("ads")->second.requests == 1);
  REQUIRE(report.domains.size() == 1);
  const auto& name = report.domains.find("a.example")->second;
  CHECK(name.flows == 2);
  CHECK(name.requests == 1);
  CHECK(name.bytes_from_client == 20);
  CHECK(name.bytes_to_client == 2000);
  CHECK(report.ends[index_of(flow::Stage::relay)][index_of(flow::Side::client)][index_of(flow::Code::finished)] == 3);
}

TEST_CASE("tally: subflows of MPTCP flows only, nine or more are one", "[tally]") {
  flow::Tally tally;
  auto one = record("", "", Disposition::splice);
  tally.flow_ended(one);
  one.transport = flow::Transport::mptcp;
  for (const unsigned subflows : {1U, 2U, 2U, 9U, 64U}) {
    one.subflows = subflows;
    tally.flow_ended(one);
  }
  CHECK(tally.report().subflows == std::array<std::uint64_t, 9>{1, 2, 0, 0, 0, 0, 0, 0, 2});
}

TEST_CASE("tally: the workers' reports are added up", "[tally]") {
  flow::Tally first;
  flow::Tally second;
  first.flow_ended(record("a.example", "ads", Disposition::decrypt));
  second.flow_ended(record("a.example", "ads", Disposition::decrypt));
  second.flow_ended(record("b.example", "banks", Disposition::splice));
  auto sum = first.report();
  auto more = second.report();
  more.live[index_of(Disposition::splice)] = 4;
  sum += more;
  CHECK(sum.ended[index_of(Disposition::decrypt)] == 2);
  CHECK(sum.live[index_of(Disposition::splice)] == 4);
  CHECK(sum.rules.find("ads")->second.flows == 2);
  CHECK(sum.rules.find("banks")->second.flows == 1);
  CHECK(sum.domains.find("a.example")->second.flows == 2);
  CHECK(sum.domains.find("b.example")->second.bytes_to_client == 1000);
}
