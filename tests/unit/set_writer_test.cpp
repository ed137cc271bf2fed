#include "proxy/kernel/set_writer.hpp"

#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/kernel/table_reader.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/make_policy.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;
using kernel::SetChange;
using weir::tests::address;
using Kind = SetChange::Kind;

namespace {

kernel::Wanted wanted() {
  tests::PolicyMaker make;
  make.bypass("media", {"*.media.example"}, [](policy::Bypass&) {});
  kernel::Wanted wanted{.settings = {}, .policy = std::move(make).make()};
  wanted.settings.gateway.client_interfaces = {"lan0"};
  return wanted;
}

// A network namespace with weir's table in it.
struct Table {
  Table() {
    auto opened = kernel::Nftables::open();
    REQUIRE(opened.has_value());
    nftables.emplace(std::move(*opened));
    REQUIRE(nftables->run(kernel::ruleset_text(wanted(), {"net/ipv4/ip_forward=0", "ruleset=1"})).has_value());
    auto made = kernel::SetWriter::open();
    REQUIRE(made.has_value());
    writer.emplace(std::move(*made));
  }
  std::string elements(const std::string& set) {
    const auto listing = nftables->run("list set inet weir " + set);
    REQUIRE(listing.has_value());
    const auto at = listing->find("elements = {");
    return at == std::string::npos ? "" : listing->substr(at, listing->find('}', at) - at);
  }
  test::OwnNetwork network;
  std::optional<kernel::Nftables> nftables;
  std::optional<kernel::SetWriter> writer;
};

}  // namespace

TEST_CASE("elements are added and removed while the table stands", "[set_writer][root]") {
  WEIR_NEEDS_ROOT();
  Table table;
  const std::vector<SetChange> add{
      {.set = "tokens", .key = kernel::key_of(0x11223344U)},
      {.set = "tokens", .key = kernel::key_of(1U)},
      {.set = "bypass0_learned4", .key = kernel::key_of(address("192.0.2.9")), .timeout = std::chrono::hours(1)},
      {.set = "bypass0_learned6", .key = kernel::key_of(address("2001:db8::9")), .timeout = std::chrono::hours(1)}};
  CHECK_FALSE(table.writer->apply(add));
  CHECK_THAT(table.elements("tokens"), ContainsSubstring("287454020") && ContainsSubstring("1"));
  CHECK_THAT(table.elements("bypass0_learned4"), ContainsSubstring("192.0.2.9 timeout 1h"));
  CHECK_THAT(table.elements("bypass0_learned6"), ContainsSubstring("2001:db8::9 timeout 1h"));
  CHECK_FALSE(
      table.writer->apply(std::vector<SetChange>{{.kind = Kind::remove, .set = "tokens", .key = kernel::key_of(1U)}}));
  CHECK(table.elements("tokens") == "elements = { 287454020 ");
}

TEST_CASE("an element's time is renewed by removing and adding it", "[set_writer][root]") {
  WEIR_NEEDS_ROOT();
  Table table;
  const auto key = kernel::key_of(address("192.0.2.9"));
  CHECK_FALSE(table.writer->apply(
      std::vector<SetChange>{{.set = "bypass0_learned4", .key = key, .timeout = std::chrono::minutes(1)}}));
  CHECK_FALSE(table.writer->apply(
      std::vector<SetChange>{{.kind = Kind::remove, .set = "bypass0_learned4", .key = key},
                             {.set = "bypass0_learned4", .key = key, .timeout = std::chrono::hours(2)}}));
  CHECK_THAT(table.elements("bypass0_learned4"), ContainsSubstring("timeout 2h"));
}

TEST_CASE("ranges replace what an interval set had", "[set_writer][root]") {
  WEIR_NEEDS_ROOT();
  Table table;
  const auto fill = [&](const std::vector<std::string>& prefixes, const std::string& set) {
    std::vector<SetChange> changes{{.kind = Kind::clear, .set = set, .key = {}}};
    for (const auto& range : policy::ranges_of(tests::prefixes(prefixes))) kernel::add_range(changes, set, range);
    return table.writer->apply(changes);
  };
  CHECK_FALSE(fill({"10.0.0.0/8", "192.0.2.1"}, "run_time_mptcp4"));
  CHECK(table.elements("run_time_mptcp4") == "elements = { 10.0.0.0/8, 192.0.2.1 ");
  CHECK_FALSE(fill({"0.0.0.0/0"}, "run_time_mptcp4"));
  CHECK(table.elements("run_time_mptcp4") == "elements = { 0.0.0.0/0 ");
  CHECK_FALSE(fill({"255.255.255.0/24"}, "run_time_mptcp4"));
  CHECK(table.elements("run_time_mptcp4") == "elements = { 255.255.255.0/24 ");
  CHECK_FALSE(fill({}, "run_time_mptcp4"));
  CHECK(table.elements("run_time_mptcp4").empty());
  CHECK_FALSE(fill({"::/0"}, "run_time_any6"));
  CHECK_FALSE(fill({"2001:db8::/32"}, "run_time_any6"));
  CHECK(table.elements("run_time_any6") == "elements = { 2001:db8::/32 ");
}

TEST_CASE("many elements are one transaction", "[set_writer][root]") {
  WEIR_NEEDS_ROOT();
  Table table;
  std::vector<SetChange> changes;
  for (std::uint32_t token = 1; token <= 10'000; ++token)
    changes.push_back({.set = "tokens", .key = kernel::key_of(token)});
  changes.push_back({.kind = Kind::remove, .set = "tokens", .key = kernel::key_of(99'999U)});
  CHECK(table.writer->apply(changes) == std::errc::no_such_file_or_directory);
  CHECK(table.elements("tokens").empty());
  changes.pop_back();
  CHECK_FALSE(table.writer->apply(changes));
  CHECK_THAT(table.elements("tokens"), ContainsSubstring("10000"));
}

TEST_CASE("what is not there is said so, and the next change is fine", "[set_writer][root]") {
  WEIR_NEEDS_ROOT();
  Table table;
  CHECK(table.writer->apply(std::vector<SetChange>{{.set = "nosuch", .key = kernel::key_of(1U)}}) ==
        std::errc::no_such_file_or_directory);
  CHECK_FALSE(table.writer->apply(std::vector<SetChange>{{.set = "tokens", .key = kernel::key_of(1U)}}));
  CHECK_FALSE(table.writer->apply({}));
  REQUIRE(table.nftables->run(kernel::removal_text()).has_value());
  CHECK(table.writer->apply(std::vector<SetChange>{{.set = "tokens", .key = kernel::key_of(2U)}}) ==
        std::errc::no_such_file_or_directory);
}

TEST_CASE("comments and counters of the table are read", "[set_writer][root]") {
  WEIR_NEEDS_ROOT();
  Table table;
  auto reader = kernel::TableReader::open();
  REQUIRE(reader.has_value());
  const auto comments = reader->comments("saved");
  REQUIRE((comments.has_value() && comments->has_value()));
  CHECK(**comments == std::vector<std::string>{"net/ipv4/ip_forward=0", "ruleset=1"});
  const auto counters = reader->counters();
  CHECK(counters.contains("intercepted"));
  CHECK(counters.at("bypass0") == 0);
  CHECK((reader->comments("nosuch").has_value() && !reader->comments("nosuch")->has_value()));
  REQUIRE(table.nftables->run(kernel::removal_text()).has_value());
  CHECK((reader->comments("saved").has_value() && !reader->comments("saved")->has_value()));
  CHECK(reader->counters().empty());
}
