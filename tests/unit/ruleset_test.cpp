#include "proxy/kernel/ruleset.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "proxy/kernel/nftables.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;

namespace {

struct Case {
  const char* golden;
  conf::Settings settings;
  kernel::SavedState saved;
};

conf::Settings with(void (*change)(conf::Settings&)) {
  conf::Settings settings;
  settings.gateway.client_interfaces = {"lan0", "lan1"};
  change(settings);
  return settings;
}

std::vector<Case> cases() {
  return {
      {"ruleset_default.nft", with([](conf::Settings&) {}), {}},
      {"ruleset_direct_open.nft",
       with([](conf::Settings& s) {
         s.mptcp.on_syn = conf::OnSyn::direct;
         s.gateway.on_failure = conf::OnFailure::open;
       }),
       {}},
      {"ruleset_strip_alert.nft",
       with([](conf::Settings& s) {
         s.mptcp.on_syn = conf::OnSyn::strip;
         s.mptcp.alert = true;
       }),
       {"net/ipv4/ip_forward=0", "mptcp.subflows=2", "mptcp.endpoint=203.0.113.5:8443"}},
      {"ruleset_deny_masquerade.nft",
       with([](conf::Settings& s) {
         s.mptcp.on_syn = conf::OnSyn::deny;
         s.gateway.masquerade = true;
         s.gateway.intercept_ports = {8080};
       }),
       {}},
      {"ruleset_endpoints.nft",
       with([](conf::Settings& s) {
         s.mptcp.endpoints = {{*policy::Address::parse("203.0.113.5"), 443},
                              {*policy::Address::parse("2001:db8::5"), 0}};
       }),
       {}},
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
  for (const auto& [golden, settings, saved] : cases()) {
    INFO(golden);
    const auto file = std::string(WEIR_SOURCE_DIR "/tests/unit/golden/") + golden;
    const auto text = kernel::ruleset_text(settings, saved);
    if (std::getenv("WEIR_WRITE_GOLDEN") != nullptr) std::ofstream(file) << text;
    CHECK(text == read(file));
  }
}

TEST_CASE("every mark is set and read under the mask", "[ruleset]") {
  for (const auto& [golden, settings, saved] : cases()) {
    std::istringstream lines(kernel::ruleset_text(settings, saved));
    std::string line;
    while (std::getline(lines, line)) {
      INFO(line);
      for (const std::string mark : {"meta mark", "ct mark"}) {
        if (line.find(mark + " set") != std::string::npos) {
          CHECK_THAT(line, ContainsSubstring(mark + " set " + mark + " & 0x00ffffff | 0x5"));
        }
        CHECK(line.find(mark + " ==") == std::string::npos);
      }
    }
  }
}

TEST_CASE("connection tracking is asked for only where needed", "[ruleset]") {
  const auto uses_ct = [](const conf::Settings& settings) {
    return kernel::ruleset_text(settings, {}).find("ct mark") != std::string::npos;
  };
  CHECK_FALSE(uses_ct(with([](conf::Settings&) {})));
  CHECK_FALSE(uses_ct(with([](conf::Settings& s) { s.mptcp.on_syn = conf::OnSyn::deny; })));
  CHECK(uses_ct(with([](conf::Settings& s) { s.mptcp.on_syn = conf::OnSyn::direct; })));
  CHECK(uses_ct(with([](conf::Settings& s) { s.gateway.on_failure = conf::OnFailure::open; })));
}

TEST_CASE("the kernel takes every ruleset, again and again, and removes it", "[ruleset][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE(static_cast<bool>(network));
  auto nftables = kernel::Nftables::open();
  REQUIRE(nftables.has_value());
  for (const auto& [golden, settings, saved] : cases()) {
    INFO(golden);
    const auto made = nftables->run(kernel::ruleset_text(settings, saved));
    if (!made) FAIL_CHECK(made.error());
    const auto listing = nftables->run("list chain inet weir saved");
    REQUIRE(listing.has_value());
    for (const auto& entry : saved) CHECK_THAT(*listing, ContainsSubstring(entry));
  }
  CHECK(nftables->run(kernel::removal_text()).has_value());
  CHECK(nftables->run(kernel::removal_text()).has_value());  // also when there is none
  CHECK(*nftables->run("list ruleset") == "");
}
