#include "proxy/kernel/probe.hpp"

#include "proxy/kernel/capability.hpp"
#include "proxy/kernel/probe_checks.hpp"

namespace weir::kernel {
namespace {

void check_netfilter(const conf::Settings& settings, std::vector<Finding>& findings) {
  if (!has_net_admin()) return;  // nothing can be asked; "capabilities" says so
  auto nftables = Nftables::open();
  if (!nftables) {
    findings.push_back(fatal("nftables", nftables.error(), {}));
    return;
  }
  findings.push_back(check_nftables(*nftables));
  if (findings.back().level == Finding::Level::fatal) return;
  findings.push_back(check_tproxy(*nftables));
  if (findings.back().level == Finding::Level::fine) findings.push_back(check_ruleset(settings, *nftables));
  findings.push_back(check_other_rules(*nftables));
  findings.push_back(check_rules_left(*nftables));
}

}  // namespace

std::vector<Finding> probe_host(const conf::Settings& settings) {
  std::vector<Finding> findings;
  findings.push_back(check_capabilities(settings));
  findings.push_back(check_account(settings));
  findings.push_back(check_fence(settings));
  findings.push_back(check_mptcp(settings));
  check_netfilter(settings, findings);
  findings.push_back(check_interfaces(settings));
  findings.push_back(check_forwarding(settings));
  findings.push_back(check_rp_filter(settings));
  findings.push_back(check_br_netfilter(settings));
  findings.push_back(check_path_manager(settings));
  findings.push_back(check_endpoints(settings));
  findings.push_back(check_instance());
  for (auto& finding : check_ports(settings)) findings.push_back(std::move(finding));
  findings.push_back(check_descriptors(settings));
  return findings;
}

}  // namespace weir::kernel
