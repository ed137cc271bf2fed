#include "proxy/kernel/probe.hpp"

#include <algorithm>

#include <netinet/in.h>

#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/probe_checks.hpp"
#include "proxy/kernel/sysctl.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;
using kernel::Finding;

namespace {

conf::Settings settings() {
  conf::Settings settings;
  settings.gateway.client_interfaces = {"lan0"};
  return settings;
}

Finding finding(const std::string& name, const conf::Settings& configured = settings()) {
  const auto findings = kernel::probe_host(configured);
  const auto found = std::find_if(findings.begin(), findings.end(), [&](const auto& f) { return f.name == name; });
  return found == findings.end() ? Finding{Finding::Level::fatal, "no such finding", name, ""} : *found;
}

}  // namespace

TEST_CASE("chains that drop by default are named, weir's own left out", "[probe]") {
  const std::string listing =
      "table inet weir {\n\tchain a {\n\t\ttype filter hook input priority filter; policy drop;\n\t}\n}\n"
      "table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n"
      "\tchain INPUT {\n\t\ttype filter hook input priority filter; policy accept;\n\t}\n}\n"
      "table inet weir2 {\n\tchain b {\n\t\ttype filter hook prerouting priority raw; policy drop;\n\t}\n}\n";
  CHECK(kernel::dropping_chains(listing) ==
        std::vector<std::string>{"table ip filter, chain FORWARD", "table inet weir2, chain b"});
  CHECK(kernel::dropping_chains("").empty());
}

TEST_CASE("a good host has nothing fatal, and names do not repeat", "[probe][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE((network && test::OwnNetwork::set_up("lo") && test::OwnNetwork::add_interface("lan0")));
  for (const auto& f : kernel::probe_host(settings())) {
    INFO(f.name << ": " << f.text << "; " << f.remedy);
    CHECK(f.level == Finding::Level::fine);
    CHECK(f.text.find('\n') == std::string::npos);
  }
}

TEST_CASE("what is wrong is found", "[probe][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE((network && test::OwnNetwork::set_up("lo")));
  const kernel::SysctlTree tree;

  SECTION("an interface that is not there") { CHECK(finding("interfaces").level == Finding::Level::warning); }
  SECTION("MPTCP turned off") {
    CHECK(kernel::mptcp_available());
    REQUIRE(tree.write({"net/mptcp/enabled", "0"}).has_value());
    CHECK_FALSE(kernel::mptcp_available());
    CHECK(finding("mptcp").level == Finding::Level::warning);
    CHECK_THAT(finding("mptcp").remedy, ContainsSubstring("net.mptcp.enabled=1"));
  }
  SECTION("a strict rp_filter") {
    REQUIRE(test::OwnNetwork::add_interface("lan0"));
    REQUIRE(tree.write({"net/ipv4/conf/all/rp_filter", "1"}).has_value());
    CHECK(finding("rp_filter").level == Finding::Level::warning);
    REQUIRE(tree.write({"net/ipv4/conf/lan0/rp_filter", "2"}).has_value());
    CHECK(finding("rp_filter").level == Finding::Level::fine);
  }
  SECTION("a port in use") {
    const int socket = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(443);
    REQUIRE(bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(socket, 1) == 0);
    CHECK(finding("ports").level == Finding::Level::fatal);
    CHECK_THAT(finding("ports").text, ContainsSubstring("443 is held by"));
    close(socket);
    CHECK(finding("ports").level == Finding::Level::fine);
  }
  SECTION("a firewall that drops") {
    REQUIRE(kernel::Nftables::open()
                ->run("table inet f { chain i { type filter hook input priority 0; policy drop; }; }")
                .has_value());
    CHECK_THAT(finding("other_rules").text, ContainsSubstring("table inet f, chain i"));
  }
  SECTION("a name nft does not take") {
    auto odd = settings();
    odd.gateway.client_interfaces = {"name-that-is-too-long"};
    CHECK(finding("ruleset", odd).level == Finding::Level::fatal);
  }
  SECTION("an endpoint of another host, more flows than descriptors, no forwarding managed") {
    auto odd = settings();
    odd.mptcp.endpoints = {{policy::Address::v4(203, 0, 113, 5), 0}};
    odd.gateway.max_flows = 1'000'000'000;
    odd.gateway.manage_network = false;
    REQUIRE(tree.write({"net/ipv4/ip_forward", "0"}).has_value());
    for (const char* name : {"endpoints", "descriptors", "forwarding"}) {
      INFO(name);
      CHECK(finding(name, odd).level == Finding::Level::warning);
      CHECK_FALSE(finding(name, odd).remedy.empty());
    }
  }
}
