#include <algorithm>
#include <string>

#include <sys/resource.h>

#include "proxy/kernel/probe_checks.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/kernel/socket_owner.hpp"

namespace weir::kernel {
namespace {

constexpr rlim_t kDescriptorsAFlow = 2;
constexpr rlim_t kFewDescriptors = 4096;

}  // namespace

Finding check_instance() {
  const auto instance = other_instance();
  if (!instance) return fine("instance", "no other weir runs in this network namespace");
  return warning("instance", "a weir runs in this network namespace: " + text(instance->process),
                 "stop it before starting another");
}

Finding check_rules_left(Nftables& nftables) {
  const bool there = nftables.run("list chain inet " + std::string(kTable) + " prerouting").has_value();
  if (!there) return fine("rules_left", "no rules of an earlier weir");
  if (other_instance()) return fine("rules_left", "the rules are those of the weir that runs");
  return warning("rules_left",
                 "rules of a weir that was killed are there: the intercepted ports are dropped, or go past it, as its "
                 "gateway.on_failure said",
                 "start weir, which replaces them, or remove them by `weir net down`");
}

std::vector<Finding> check_ports(const conf::Settings& settings) {
  std::vector<Finding> findings;
  const bool weir_runs = other_instance().has_value();
  const auto look = [&](const char* name, const std::string& key, std::uint16_t port) {
    const auto sockets = listeners(port);
    if (sockets.empty()) return;
    const auto holder = owner(sockets.front());
    // Whose sockets are cannot always be seen: of another account's, or from within a container.
    if (weir_runs && (!holder || holder->name == "weir")) return;
    findings.push_back(fatal(name, "port " + std::to_string(port) + " is held by " + text(holder),
                             "stop it, or take the port out of " + key));
  };
  for (const auto port : settings.gateway.intercept_ports) look("ports", "gateway.intercept_ports", port);
  look("admin_port", "admin.listen", settings.admin.listen.port);
  if (findings.empty()) findings.push_back(fine("ports", "the intercepted ports and the admin port are free"));
  return findings;
}

Finding check_descriptors(const conf::Settings& settings) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto flows = limit.rlim_max / kDescriptorsAFlow;
  const auto text = std::to_string(limit.rlim_max) + " descriptors: up to " + std::to_string(flows) + " flows at once";
  const auto wanted = std::max<rlim_t>(settings.gateway.max_flows, kFewDescriptors / kDescriptorsAFlow);
  if (flows >= wanted) return fine("descriptors", text);
  return warning("descriptors", text,
                 "raise the limit (LimitNOFILE= of systemd, ulimit -n) to " +
                     std::to_string(wanted * kDescriptorsAFlow) + " or more");
}

}  // namespace weir::kernel
