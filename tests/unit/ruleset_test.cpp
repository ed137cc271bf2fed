#include "proxy/kernel/ruleset.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "conf/reader.hpp"
#include "proxy/kernel/nftables.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;

namespace {

struct Case {
  const char* golden;
  kernel::Wanted wanted;
  kernel::SavedState saved;
};

kernel::Wanted with(void (*change)(conf::Settings&), policy::OnSyn on_syn = policy::OnSyn::terminate) {
  kernel::Wanted wanted;
  wanted.policy.on_syn = on_syn;
  wanted.settings.gateway.client_interfaces = {"lan0", "lan1"};
  change(wanted.settings);
  return wanted;
}

// As the configuration's reader has it.
kernel::Wanted configured(const std::string& text) {
  auto reading = conf::read_text("gateway.client_interfaces = ['lan0', 'lan1']\n" + text, "weir.toml");
  for (const auto& problem : reading.problems) FAIL_CHECK(problem.text());
  return {.settings = std::move(reading.settings), .policy = std::move(reading.policy)};
}

kernel::Wanted bypassed() {
  auto wanted = configured(R"(
[mptcp.joins]
unknown = "drop"
[quic]
action = "allow"
[dns]
watch = ["192.0.2.53", "2001:db8::53"]
[[bypass]]
name = "media"
destinations = ["198.51.100.0/24", "198.51.101.0/24", "203.0.113.7", "2001:db8::/32"]
domains = ["*.media.example"]
[[bypass]]
name = "lab"
flows = "any"
sources = ["10.1.0.0/16"]
ports = [443]
[[bypass]]
name = "plain"
flows = "tcp"
sources = ["fd00::/8", "10.2.0.0/16"]
destinations = ["2001:db8:1::/48"]
)");
  wanted.live.tokens = {1, 0xffffffff};
  wanted.live.learned = {{0, *policy::Address::parse("192.0.2.9"), std::chrono::seconds(60)},
                         {0, *policy::Address::parse("2001:db8:9::9"), std::chrono::hours(1)}};
  wanted.live.run_time_mptcp = policy::ranges_of({*policy::Prefix::parse("192.0.2.128/25")});
  wanted.live.run_time_any = policy::ranges_of({*policy::Prefix::parse("::/0")});
  return wanted;
}

kernel::Wanted ruled() {
  return configured(R"(
[mptcp]
on_syn = "direct"
[[rule]]
name = "ads"
when.domains = ["*.ads.example"]
action = "block"
[[rule]]
name = "blocked"
when.destinations = ["203.0.113.0/24"]
action = "block"
[[rule]]
name = "old phones"
when = { sources = ["10.1.7.0/24"], transport = "mptcp" }
mptcp = "strip"
[[rule]]
name = "tcp"
when.transport = "tcp"
action = "reset"
[[rule]]
name = "allowed"
when = { sources = ["10.1.0.0/16", "fd01::/16"], destinations = ["192.0.2.0/24"], ports = [443] }
[[rule]]
name = "wifi"
when.interfaces = ["lan1"]
mptcp = "deny"
[[rule]]
name = "not needed"
when.sources = ["10.3.0.0/16"]
)");
}

std::vector<Case> cases() {
  return {
      {"ruleset_default.nft", with([](conf::Settings&) {}), {}},
      {"ruleset_direct_open.nft",
       with([](conf::Settings& s) { s.gateway.on_failure = conf::OnFailure::open; }, policy::OnSyn::direct),
       {}},
      {"ruleset_strip_alert.nft",
       with([](conf::Settings& s) { s.mptcp.alert = true; }, policy::OnSyn::strip),
       {"net/ipv4/ip_forward=0", "mptcp.subflows=2", "mptcp.endpoint=203.0.113.5:8443"}},
      {"ruleset_deny_masquerade.nft",
       with(
           [](conf::Settings& s) {
             s.gateway.masquerade = true;
             s.gateway.intercept_ports = {8080};
           },
           policy::OnSyn::deny),
       {}},
      {"ruleset_endpoints.nft",
       with([](conf::Settings& s) {
         s.mptcp.endpoints = {{*policy::Address::parse("203.0.113.5"), 443},
                              {*policy::Address::parse("2001:db8::5"), 0}};
       }),
       {}},
      {"ruleset_bypass.nft", bypassed(), {}},
      {"ruleset_rules.nft", ruled(), {}},
  };
}

std::string read(const std::string& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

// WEIR_WRITE_GOLDEN=1 writes the files anew; read the difference before committing it.
TEST_CASE("the ruleset is the golden one", "[ruleset]") {
  for (const auto& [golden, wanted, saved] : cases()) {
    INFO(golden);
    const auto file = std::string(WEIR_SOURCE_DIR "/tests/unit/golden/") + golden;
    const auto text = kernel::ruleset_text(wanted, saved);
    if (std::getenv("WEIR_WRITE_GOLDEN") != nullptr) std::ofstream(file) << text;
    CHECK(text == read(file));
  }
}

TEST_CASE("every mark is set and read under the mask", "[ruleset]") {
  for (const auto& [golden, wanted, saved] : cases()) {
    std::istringstream lines(kernel::ruleset_text(wanted, saved));
    std::string line;
    while (std::getline(lines, line)) {
      INFO(line);
      for (const std::string mark : {"meta mark"}) {
        if (line.find(mark + " set") != std::string::npos) {
          CHECK_THAT(line, ContainsSubstring(mark + " set " + mark + " & 0x00ffffff | 0x5"));
        }
        CHECK(line.find(mark + " ==") == std::string::npos);
      }
    }
  }
}

TEST_CASE("what is known from running makes no other configuration", "[ruleset]") {
  auto wanted = bypassed();
  const auto before = kernel::configured_ruleset(wanted);
  wanted.live = {};
  CHECK(kernel::configured_ruleset(wanted) == before);
  CHECK(kernel::configured_ruleset(ruled()) != before);
}

TEST_CASE("the kernel takes every ruleset, again and again, and removes it", "[ruleset][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE(static_cast<bool>(network));
  auto nftables = kernel::Nftables::open();
  REQUIRE(nftables.has_value());
  for (const auto& [golden, wanted, saved] : cases()) {
    INFO(golden);
    const auto made = nftables->run(kernel::ruleset_text(wanted, saved));
    if (!made) FAIL_CHECK(made.error());
    const auto listing = nftables->run("list chain inet weir saved");
    REQUIRE(listing.has_value());
    for (const auto& entry : saved) CHECK_THAT(*listing, ContainsSubstring(entry));
  }
  CHECK(nftables->run(kernel::removal_text()).has_value());
  CHECK(nftables->run(kernel::removal_text()).has_value());  // also when there is none
  CHECK(*nftables->run("list ruleset") == "");
}
