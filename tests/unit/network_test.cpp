#include "proxy/kernel/network.hpp"

#include <algorithm>
#include <optional>

#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/path_manager.hpp"
#include "proxy/kernel/routes.hpp"
#include "proxy/kernel/sysctl.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;
using kernel::Network;

namespace {

const kernel::SysctlTree kTree;

conf::Settings settings() {
  conf::Settings settings;
  settings.gateway.client_interfaces = {"lan0"};
  return settings;
}

std::string error_of(const Network::Result& result) { return result ? "" : result.error(); }

std::string rules() {
  auto nftables = kernel::Nftables::open();
  const auto listing = nftables->run("list ruleset");
  return listing ? *listing : listing.error();
}

bool routed() {
  const auto state = kernel::routes_state();
  return std::any_of(state.begin(), state.end(), [](const auto& route) { return route.in_force; });
}

// All that weir could change here, as one text to compare.
std::string everything() {
  std::string text = rules() + (routed() ? "routed" : "");
  for (const std::string family : {"net/ipv4/conf", "net/ipv6/conf"}) {
    for (const auto& interface : kTree.children(family)) {
      for (const std::string key : {"forwarding", "accept_redirects", "accept_ra", "rp_filter"}) {
        const auto name = family + "/" + interface + "/" + key;
        if (const auto value = kTree.read(name)) text += name + "=" + *value + "\n";
      }
    }
  }
  for (const auto& name : kTree.children("net/mptcp"))
    text += name + "=" + kTree.read("net/mptcp/" + name).value_or("") + "\n";
  if (auto paths = kernel::PathManager::open()) {
    if (const auto limits = paths->limits()) {
      text += "limits " + std::to_string(limits->subflows) + " " + std::to_string(limits->add_addr_accepted) + "\n";
    }
    if (const auto endpoints = paths->endpoints()) {
      for (const auto& endpoint : *endpoints)
        text += endpoint.address.text() + ":" + std::to_string(endpoint.port) + "\n";
    }
  }
  return text;
}

// A host with values that turning forwarding on and off would tread on.
struct Host {
  test::OwnNetwork network;
  bool ready = static_cast<bool>(network) && test::OwnNetwork::set_up("lo") &&
               test::OwnNetwork::add_interface("lan0") && test::OwnNetwork::add_interface("wan0") && prepare();

  static bool prepare() {
    return kTree.write({"net/ipv4/conf/all/accept_redirects", "0"}).has_value() &&
           kTree.write({"net/ipv4/conf/wan0/forwarding", "1"}).has_value() &&
           kTree.write({"net/ipv4/ip_forward", "0"}).has_value() &&
           kTree.write({"net/ipv4/conf/wan0/forwarding", "1"}).has_value() &&
           kTree.write({"net/ipv4/conf/all/accept_redirects", "0"}).has_value() &&
           kTree.write({"net/ipv6/conf/all/forwarding", "0"}).has_value() &&
           kTree.write({"net/ipv6/conf/wan0/accept_ra", "1"}).has_value();
  }
};

}  // namespace

TEST_CASE("what is installed is in force, and removed it is as it was", "[network][root]") {
  WEIR_NEEDS_ROOT();
  const Host host;
  REQUIRE(host.ready);
  const auto before = everything();
  auto network = Network::open();
  REQUIRE(network.has_value());
  REQUIRE(error_of(network->install({.settings = settings()})) == "");
  CHECK(network->installed());
  CHECK_THAT(rules(), ContainsSubstring("table inet weir"));
  const auto state = kernel::routes_state();
  CHECK(std::all_of(state.begin(), state.end(), [](const auto& route) { return route.in_force; }));
  CHECK(kTree.read("net/ipv4/ip_forward") == "1");
  CHECK(kTree.read("net/ipv6/conf/all/forwarding") == "1");
  CHECK(kTree.read("net/ipv6/conf/wan0/accept_ra") == "2");
  CHECK_THAT(network->describe({.settings = settings()}), !ContainsSubstring("not in force"));
  REQUIRE(error_of(network->remove()) == "");
  CHECK_FALSE(network->installed());
  CHECK(everything() == before);
  CHECK(error_of(network->remove()) == "");  // fine when nothing is there
}

TEST_CASE("after a kill -9 the next run replaces the rules and still knows what was before", "[network][root]") {
  WEIR_NEEDS_ROOT();
  const Host host;
  REQUIRE(host.ready);
  const auto before = everything();
  REQUIRE(error_of(Network::open()->install({.settings = settings()})) == "");  // and never removed
  auto second = Network::open();
  CHECK(second->installed());
  auto changed = settings();
  changed.mptcp.max_subflows = 3;
  changed.mptcp.allow_join_initial_address = false;
  REQUIRE(error_of(second->install({.settings = changed})) == "");
  CHECK(kTree.read("net/mptcp/allow_join_initial_addr_port") == "0");
  auto third = Network::open();
  REQUIRE(error_of(third->remove()) == "");
  CHECK(everything() == before);
}

TEST_CASE("what flows wrote into the table outlives its being made anew", "[network][root]") {
  WEIR_NEEDS_ROOT();
  const Host host;
  REQUIRE(host.ready);
  auto network = Network::open();
  REQUIRE(error_of(network->install({.settings = settings()})) == "");
  auto nftables = kernel::Nftables::open();
  REQUIRE(nftables->run("add element inet weir direct_open4 { 192.0.2.1 . 1000 . 198.51.100.7 . 443 }").has_value());
  REQUIRE(nftables->run("add element inet weir tokens { 7 }").has_value());
  kernel::Wanted changed{.settings = settings()};
  changed.policy.on_syn = policy::OnSyn::strip;
  REQUIRE(error_of(network->install(changed)) == "");
  CHECK_THAT(*nftables->run("list set inet weir direct_open4"), ContainsSubstring("192.0.2.1 . 1000"));
  CHECK_THAT(*nftables->run("list set inet weir tokens"), !ContainsSubstring("elements"));
  CHECK_THAT(*nftables->run("list chain inet weir syn"), ContainsSubstring("goto strip"));
  REQUIRE(error_of(network->remove()) == "");
}

TEST_CASE("a table of another version is replaced as a whole", "[network][root]") {
  WEIR_NEEDS_ROOT();
  const Host host;
  REQUIRE(host.ready);
  auto nftables = kernel::Nftables::open();
  REQUIRE(nftables->run("table inet weir { set direct_open4 { type ipv4_addr; }; chain saved { }; }").has_value());
  auto network = Network::open();
  CHECK(error_of(network->install({.settings = settings()})) == "");
  CHECK(network->installed());
  REQUIRE(error_of(network->remove()) == "");
}

TEST_CASE("a reload replaces, also limits and endpoints", "[network][root]") {
  WEIR_NEEDS_ROOT();
  const Host host;
  REQUIRE(host.ready);
  auto paths = kernel::PathManager::open();
  if (!paths) return;  // no MPTCP here
  const policy::Address address = policy::Address::v4(127, 0, 0, 1);
  const policy::Address users = policy::Address::v4(127, 0, 0, 9);
  REQUIRE(paths->add_signal_endpoint(users, 0).has_value());
  const auto before = everything();
  auto network = Network::open();
  auto wanted = settings();
  wanted.mptcp.endpoints = {{address, 8443}, {users, 0}};
  REQUIRE(error_of(network->install({.settings = wanted})) == "");
  CHECK(paths->limits()->subflows == 7);
  CHECK(paths->endpoints()->size() == 2);
  wanted.mptcp.endpoints = {{address, 443}};  // an intercepted port: signalled without
  wanted.mptcp.max_subflows = 2;
  REQUIRE(error_of(network->install({.settings = wanted})) == "");
  CHECK(paths->limits()->subflows == 1);
  REQUIRE(paths->endpoints()->size() == 2);
  const auto present = *paths->endpoints();
  CHECK(
      std::any_of(present.begin(), present.end(), [&](const auto& e) { return e.address == address && e.port == 0; }));
  REQUIRE(error_of(network->remove()) == "");
  CHECK(everything() == before);
}

TEST_CASE("what others flushed is put back, and the originals are still known", "[network][root]") {
  WEIR_NEEDS_ROOT();
  const Host host;
  REQUIRE(host.ready);
  const auto before = everything();
  auto network = Network::open();
  REQUIRE(error_of(network->install({.settings = settings()})) == "");
  for (const char* flush : {"flush ruleset", "flush table inet weir"}) {
    INFO(flush);
    REQUIRE(kernel::Nftables::open()->run(flush).has_value());
    CHECK_FALSE(network->installed());
    REQUIRE(error_of(network->install({.settings = settings()})) == "");
    CHECK(network->installed());
  }
  REQUIRE(error_of(network->remove()) == "");
  CHECK(everything() == before);
}

TEST_CASE("other tables are not touched", "[network][root]") {
  WEIR_NEEDS_ROOT();
  const Host host;
  REQUIRE(host.ready);
  REQUIRE(
      kernel::Nftables::open()->run("table ip weir { chain a { counter drop; }; }\ntable inet user { }").has_value());
  const auto before = everything();
  auto network = Network::open();
  REQUIRE(error_of(network->install({.settings = settings()})) == "");
  REQUIRE(error_of(network->remove()) == "");
  CHECK(everything() == before);
}

TEST_CASE("on an error nothing stays", "[network][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork own;  // "lo" is down: the route cannot be added
  REQUIRE(static_cast<bool>(own));
  const auto before = everything();
  auto network = Network::open();
  CHECK_THAT(error_of(network->install({.settings = settings()})), ContainsSubstring("the loopback interface is down"));
  CHECK(everything() == before);
}

TEST_CASE("a reload that fails leaves the old configuration in force", "[network][root]") {
  WEIR_NEEDS_ROOT();
  const Host host;
  REQUIRE(host.ready);
  auto network = Network::open();
  REQUIRE(error_of(network->install({.settings = settings()})) == "");
  const auto before = everything();
  auto broken = settings();
  broken.gateway.client_interfaces = {"a name nft does not take, as it is far too long"};
  CHECK_THAT(error_of(network->install({.settings = broken})), ContainsSubstring("nftables"));
  CHECK(network->installed());
  CHECK(everything() == before);
  CHECK(error_of(network->remove()) == "");
}
