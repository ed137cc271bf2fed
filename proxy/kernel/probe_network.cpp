#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include "proxy/kernel/local_addresses.hpp"
#include "proxy/kernel/path_manager.hpp"
#include "proxy/kernel/probe_checks.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/kernel/sysctl.hpp"

namespace weir::kernel {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

bool is_set(const SysctlTree& tree, const std::string& name) { return tree.read(name).value_or("0") != "0"; }

// Read-only where a container was not given /proc/sys.
// As this process is now: access(2) asks for the real user, and leaves the capabilities of one that is not root out.
bool sysctls_writable() { return faccessat(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", W_OK, AT_EACCESS) == 0; }

}  // namespace

Finding check_interfaces(const conf::Settings& settings) {
  if (settings.gateway.client_interfaces.empty()) {
    return warning("interfaces", "no client interfaces are configured", "name them in gateway.client_interfaces");
  }
  std::vector<std::string> missing;
  for (const auto& name : settings.gateway.client_interfaces) {
    if (if_nametoindex(name.c_str()) == 0) missing.push_back(name);
  }
  if (missing.empty()) return fine("interfaces", "client interfaces: " + joined(settings.gateway.client_interfaces));
  return warning("interfaces", "no such interface yet: " + joined(missing),
                 "name existing ones in gateway.client_interfaces (`ip link` lists them)");
}

Finding check_forwarding(const conf::Settings& settings) {
  const SysctlTree tree;
  if (settings.gateway.manage_network && !sysctls_writable()) {
    const auto missing = missing_sysctls(settings, tree);
    std::vector<std::string> names;
    names.reserve(missing.size());
    for (const auto& sysctl : missing) names.push_back(dotted(sysctl.name));
    if (!missing.empty())
      return fatal("forwarding", joined(names) + " is not as weir needs it, and /proc/sys cannot be written",
                   outside_remedy(missing));
  }
  std::vector<std::string> off;
  for (const std::string name : {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"}) {
    if (tree.read(name) == "0") off.push_back(dotted(name));
  }
  if (!off.empty()) {
    const auto remedy = "sysctl -w " + joined(off) + "=1";
    if (!settings.gateway.manage_network) {
      return warning("forwarding", joined(off) + " is off: what weir does not intercept goes nowhere", remedy);
    }
    return fine("forwarding", joined(off) + " is off; weir turns it on while it runs");
  }
  for (const auto& name : settings.gateway.client_interfaces) {
    const auto own = "net/ipv4/conf/" + name + "/forwarding";
    if (tree.read(own) == "0") {
      return warning("forwarding", dotted(own) + " is off: what weir does not intercept from there goes nowhere",
                     "sysctl -w " + dotted(own) + "=1");
    }
  }
  return fine("forwarding", "on");
}

// The stricter of "all" and the interface's own counts.
Finding check_rp_filter(const conf::Settings& settings) {
  const SysctlTree tree;
  const auto all = tree.read("net/ipv4/conf/all/rp_filter").value_or("0");
  std::vector<std::string> strict;
  for (const auto& name : settings.gateway.client_interfaces) {
    const auto own = tree.read("net/ipv4/conf/" + name + "/rp_filter").value_or("0");
    if (std::max(all, own) == "1") strict.push_back(name);
  }
  if (strict.empty()) return fine("rp_filter", "not strict on client interfaces");
  return warning(
      "rp_filter",
      "strict on " + joined(strict) + ": a client's packets are dropped where its address is routed elsewhere",
      "sysctl -w net.ipv4.conf." + strict.front() + ".rp_filter=2, if subflows of one client take several ways");
}

// With br_netfilter a bridge hands its packets to the IP rules before they are the host's, and what tproxy gave them
// is lost on the way.
Finding check_br_netfilter(const conf::Settings& settings) {
  const SysctlTree tree;
  if (!is_set(tree, "net/bridge/bridge-nf-call-iptables") && !is_set(tree, "net/bridge/bridge-nf-call-ip6tables")) {
    return fine("br_netfilter", "bridged packets do not pass the IP rules");
  }
  std::vector<std::string> bridges;
  for (const auto& name : settings.gateway.client_interfaces) {
    if (std::filesystem::exists("/sys/class/net/" + name + "/bridge")) bridges.push_back(name);
  }
  if (bridges.empty()) return fine("br_netfilter", "no client interface is a bridge");
  return warning("br_netfilter", "bridged packets pass the IP rules: interception fails on " + joined(bridges),
                 "sysctl -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0");
}

Finding check_path_manager(const conf::Settings& settings) {
  auto paths = PathManager::open();
  if (!paths) return fine("path_manager", "none, as there is no MPTCP");
  const SysctlTree tree;
  if (tree.read("net/mptcp/pm_type") == "1") {
    return warning(
        "path_manager", "net.mptcp.pm_type is 1: a program, not the kernel, decides on joins to weir",
        "sysctl -w net.mptcp.pm_type=0 and restart weir, or see to it that the program (mptcpd) accepts joins");
  }
  const auto limits = paths->limits();
  if (!limits) return warning("path_manager", limits.error(), {});
  const auto wanted = settings.mptcp.max_subflows - 1;
  if (limits->subflows == wanted) return fine("path_manager", std::to_string(wanted) + " joins a connection");
  const auto text = "the kernel takes " + std::to_string(limits->subflows) +
                    " joins a connection, mptcp.max_subflows wants " + std::to_string(wanted);
  if (settings.gateway.manage_network) return fine("path_manager", text + "; weir sets it while it runs");
  return warning("path_manager", text, "ip mptcp limits set subflows " + std::to_string(wanted));
}

Finding check_endpoints(const conf::Settings& settings) {
  if (settings.mptcp.endpoints.empty()) return fine("endpoints", "none configured");
  const auto local = LocalAddresses::open();
  if (!local) return warning("endpoints", local.error(), {});
  std::vector<std::string> elsewhere;
  for (const auto& endpoint : settings.mptcp.endpoints) {
    if (!local->now().contains(endpoint.address)) elsewhere.push_back(endpoint.address.text());
  }
  if (elsewhere.empty()) return fine("endpoints", "all are addresses of this host");
  return warning("endpoints",
                 "not an address of this host: " + joined(elsewhere) + "; joins to it reach weir only by NAT",
                 "add the address to an interface, or take it out of mptcp.endpoints");
}

std::vector<std::string> dropping_chains(const std::string& listing) {
  std::vector<std::string> found;
  std::istringstream lines(listing);
  std::string line, table, chain;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string first, family, name;
    words >> first >> family >> name;
    if (first == "table") table = family + " " + name;
    if (first == "chain") chain = family;
    if (first != "type" || table == "inet " + std::string(kTable)) continue;
    if (line.find("policy drop") != std::string::npos) found.push_back("table " + table + ", chain " + chain);
  }
  return found;
}

Finding check_other_rules(Nftables& nftables) {
  const auto chains = nftables.run("list chains");
  if (!chains) return warning("other_rules", "other nftables rules cannot be read: " + chains.error(), {});
  const auto dropping = dropping_chains(*chains);
  if (dropping.empty()) return fine("other_rules", "no other table drops by default");
  std::string text;
  for (const auto& chain : dropping) text += (text.empty() ? "" : "; ") + chain;
  return warning("other_rules", "drops what it does not name: " + text,
                 "let intercepted packets pass there: `meta mark & 0xff000000 == 0x57000000 accept` on input, and what "
                 "clients may reach on forward");
}

}  // namespace weir::kernel
