// The single checks behind probe_host, each a finding. Those that ask netfilter share one context.
#pragma once

#include <vector>

#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/probe.hpp"

namespace weir::kernel {

inline Finding fine(std::string name, std::string text) {
  return {Finding::Level::fine, std::move(name), std::move(text), {}};
}
inline Finding warning(std::string name, std::string text, std::string remedy) {
  return {Finding::Level::warning, std::move(name), std::move(text), std::move(remedy)};
}
inline Finding fatal(std::string name, std::string text, std::string remedy) {
  return {Finding::Level::fatal, std::move(name), std::move(text), std::move(remedy)};
}

// probe_kernel.cpp: what the kernel offers this process
Finding check_mptcp(const conf::Settings&);
Finding check_capabilities(const conf::Settings&);
Finding check_nftables(Nftables&);
Finding check_tproxy(Nftables&);
Finding check_ruleset(const conf::Settings&, Nftables&);

// probe_network.cpp: how this network namespace is set
Finding check_interfaces(const conf::Settings&);
Finding check_forwarding(const conf::Settings&);
Finding check_rp_filter(const conf::Settings&);
Finding check_br_netfilter(const conf::Settings&);
Finding check_path_manager(const conf::Settings&);
Finding check_endpoints(const conf::Settings&);
Finding check_other_rules(Nftables&);

// probe_process.cpp: what this and other processes have
Finding check_instance();
Finding check_rules_left(Nftables&);
std::vector<Finding> check_ports(const conf::Settings&);
Finding check_descriptors(const conf::Settings&);

// probe_privileges.cpp: whom it becomes, and what keeps it
Finding check_account(const conf::Settings&);
Finding check_fence(const conf::Settings&);

// Of `nft list chains`: base chains of other tables that drop what they do not name, as "table ip filter, chain
// FORWARD". Pure.
std::vector<std::string> dropping_chains(const std::string& listing);

}  // namespace weir::kernel
