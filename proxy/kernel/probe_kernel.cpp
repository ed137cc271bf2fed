#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>

#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/kernel/capability.hpp"
#include "proxy/kernel/probe_checks.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/kernel/sysctl.hpp"

namespace weir::kernel {
namespace {

constexpr int kMptcp = 262;  // IPPROTO_MPTCP; older libc headers do not have it

// The error of making an MPTCP socket, 0 where it can be made.
int mptcp_error() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, kMptcp);
  if (socket < 0) return errno;
  close(socket);
  return 0;
}

// What weir's rules are made of, in a table that is checked and not made.
constexpr const char* kTproxyTrial = R"(table inet weir_trial {
  chain prerouting {
    type filter hook prerouting priority mangle;
    socket transparent 1 socket wildcard 0 accept
    fib daddr type local accept
    tcp flags & (syn|ack) == syn tcp option mptcp exists accept
    meta nfproto ipv4 meta l4proto tcp tproxy ip to 0.0.0.0 meta mark set 1
    meta nfproto ipv6 meta l4proto tcp tproxy ip6 to [::] meta mark set 1
  }
}
)";

}  // namespace

bool mptcp_available() { return mptcp_error() == 0; }

Finding check_mptcp(const conf::Settings& settings) {
  const int error = mptcp_error();
  if (error == 0) return fine("mptcp", "the kernel speaks MPTCP");
  if (error == ENOPROTOOPT) {
    return warning("mptcp", "MPTCP is turned off (net.mptcp.enabled = 0): weir runs as plain TCP",
                   "sysctl -w net.mptcp.enabled=1");
  }
  return warning("mptcp",
                 "the kernel has no MPTCP (" + std::error_code(error, std::system_category()).message() +
                     "): weir runs as plain TCP" +
                     (settings.mptcp.endpoints.empty() ? "" : ", and mptcp.endpoints do nothing"),
                 "run Linux 5.16 or later with CONFIG_MPTCP");
}

namespace {

unsigned first_unprivileged_port() {
  const auto text = SysctlTree().read("net/ipv4/ip_unprivileged_port_start").value_or("");
  unsigned port = 1024;  // the kernel's default
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

}  // namespace

Finding check_capabilities(const conf::Settings& settings) {
  if (!has_net_admin()) {
    return fatal("capabilities", "CAP_NET_ADMIN is missing: no interception without it",
                 "run weir as root, or with `AmbientCapabilities=CAP_NET_ADMIN CAP_NET_BIND_SERVICE` of systemd");
  }
  const auto first = first_unprivileged_port();
  for (const auto port : settings.gateway.intercept_ports) {
    if (port < first && !has_capability(CAP_NET_BIND_SERVICE)) {
      return fatal("capabilities",
                   "CAP_NET_BIND_SERVICE is missing: weir cannot listen on port " + std::to_string(port),
                   "run weir as root, or add CAP_NET_BIND_SERVICE");
    }
  }
  return fine("capabilities", "CAP_NET_ADMIN is there, and the ports may be bound");
}

Finding check_nftables(Nftables& nftables) {
  if (auto checked = nftables.check("table inet weir_trial { }\n"); !checked) {
    return fatal("nftables", "nftables cannot be used: " + checked.error(), "load the kernel module nf_tables");
  }
  return fine("nftables", "nftables takes tables of weir");
}

Finding check_tproxy(Nftables& nftables) {
  if (auto checked = nftables.check(kTproxyTrial); !checked) {
    return fatal("tproxy", "transparent interception cannot be used: " + checked.error(),
                 "run a kernel with nft_tproxy, nft_socket and nft_fib_inet (Linux 5.13 or later)");
  }
  return fine("tproxy", "nftables takes tproxy and socket rules");
}

Finding check_ruleset(const conf::Settings& settings, Nftables& nftables) {
  if (!settings.gateway.manage_network)
    return fine("ruleset", "weir installs no rules (gateway.manage_network = false)");
  if (settings.gateway.client_interfaces.empty()) return fine("ruleset", "no rules without client interfaces");
  if (auto checked = nftables.check(ruleset_text({.settings = settings}, {})); !checked) {
    return fatal("ruleset", "the kernel refuses the rules of this configuration: " + checked.error(),
                 "see `weir net show` for all of them");
  }
  return fine("ruleset", "the kernel takes the rules of this configuration");
}

}  // namespace weir::kernel
