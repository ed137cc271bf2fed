#include "proxy/kernel/network_description.hpp"

#include <algorithm>

#include "proxy/kernel/endpoint_plan.hpp"
#include "proxy/kernel/path_manager.hpp"
#include "proxy/kernel/routes.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/kernel/saved_state.hpp"
#include "proxy/kernel/sysctl.hpp"

namespace weir::kernel {
namespace {

constexpr std::string_view kInForce = "in force";
constexpr std::string_view kMissing = "not in force";

std::string with_state(std::string line, bool in_force) {
  constexpr std::size_t kColumn = 72;
  if (line.size() < kColumn) line.resize(kColumn, ' ');
  return line + " # " + std::string(in_force ? kInForce : kMissing) + "\n";
}

// The live table, with its counters, where it is there; else the one that would be made.
std::string rules(const Wanted& wanted, Nftables& nftables) {
  const std::string name = "table inet " + std::string(kTable);
  const auto text = configured_ruleset(wanted);
  auto live = nftables.run("list " + name);
  if (!live) {
    const bool absent = live.error().find("No such file or directory") != std::string::npos;
    return "# " + name + ": " + (absent ? std::string(kMissing) : "unknown, " + live.error()) + "\n" +
           text.substr(removal_text().size());
  }
  const bool same = live->find(fingerprint(text)) != std::string::npos;
  return "# " + name + ": in force" + (same ? "" : ", but made from another configuration than this file's") + "\n" +
         *live;
}

std::string routes() {
  std::string text = "\n# policy routing\n";
  for (const auto& route : routes_state()) text += with_state(route.text, route.in_force);
  return text;
}

std::string sysctls(const conf::Settings& settings) {
  std::string text = "\n# sysctls\n";
  const SysctlTree tree;
  for (const auto& sysctl : needed_sysctls(settings, tree)) {
    text += with_state(dotted(sysctl.name) + " = " + sysctl.value, tree.read(sysctl.name) == sysctl.value);
  }
  return text;
}

std::string paths(const conf::Settings& settings) {
  std::string text = "\n# MPTCP path manager\n";
  auto manager = PathManager::open();
  if (!manager) return text + "# " + manager.error() + "\n";
  const auto limits = manager->limits();
  const auto subflows = settings.mptcp.max_subflows - 1;
  text += with_state("ip mptcp limits: subflows " + std::to_string(subflows), limits && limits->subflows == subflows);
  const auto present = manager->endpoints();
  for (const auto& wanted : wanted_endpoints(settings)) {
    const bool there = present && std::any_of(present->begin(), present->end(), [&](const auto& endpoint) {
                         return endpoint.signal && endpoint.address == wanted.address && endpoint.port == wanted.port;
                       });
    text += with_state("ip mptcp endpoint: " + wanted.address.text() +
                           (wanted.port == 0 ? "" : " port " + std::to_string(wanted.port)) + " signal",
                       there);
  }
  return text;
}

}  // namespace

std::string describe_network(const Wanted& wanted, Nftables& nftables) {
  const auto& settings = wanted.settings;
  return rules(wanted, nftables) + routes() + sysctls(settings) + paths(settings);
}

}  // namespace weir::kernel
