#include "proxy/kernel/ruleset.hpp"

#include <algorithm>

#include "proxy/kernel/nft_text.hpp"
#include "proxy/kernel/ruleset_sets.hpp"
#include "proxy/kernel/ruleset_syn.hpp"

namespace weir::kernel {
namespace {

using conf::OnFailure;

std::string interfaces(const conf::Settings& settings) { return nft_list(settings.gateway.client_interfaces); }
std::string ports(const conf::Settings& settings) { return nft_list(settings.gateway.intercept_ports); }

std::string counters(const policy::Policy& policy) {
  constexpr std::pair<const char*, const char*> kCounters[] = {
      {"intercepted", "SYNs handed to weir"},
      {"alerts", "MPTCP SYNs reported to NFLOG"},
      {"dropped", "packets dropped because weir was not running"},
      {"refused", "SYNs to the gateway itself on an intercepted port"},
      {"quic", "QUIC packets refused"},
  };
  std::string text;
  for (const auto& [name, what] : kCounters) {
    Block block("counter " + std::string(name));
    block.line("comment \"" + std::string(what) + "\"");
    text += std::move(block).close();
  }
  return text + syn_counters(policy);
}

// A tproxy statement breaks off its rule where no socket listens, so the mark is only set when there is one. Neither
// names a port: a join is refused unless weir's listener has the original destination's port (RFC 8684, 3.2).
void deliver(const conf::Settings& settings, Block& chain) {
  const auto mark = set_mark("meta mark", kDeliverMark);
  chain.line("meta nfproto ipv4 meta l4proto tcp tproxy ip to 0.0.0.0 " + mark);
  chain.line("meta nfproto ipv6 meta l4proto tcp tproxy ip6 to [::] " + mark);
  chain.line(has_mark("meta mark", kDeliverMark) + " " + std::string(kSyn) + " counter name \"intercepted\"");
  chain.line(has_mark("meta mark", kDeliverMark) + " accept");
  if (settings.gateway.on_failure == OnFailure::closed) {
    chain.rule("counter name \"dropped\" drop", "weir is not running; on_failure = closed");
  } else {
    chain.rule(std::string(kSyn) + " goto direct_mptcp", "weir is not running; on_failure = open");
  }
}

// A packet walks as few lines as can be: one of a connection past weir finds it by one lookup, and one of weir's own by
// one more. Without "wildcard 0" a packet would match a listener, before any decision on it (kernel-facts 14).
std::string prerouting(const conf::Settings& settings) {
  Block chain("chain prerouting");
  chain.line("type filter hook prerouting priority mangle; policy accept;");
  chain.line("meta l4proto != tcp goto no_tcp");
  chain.line("iifname != " + interfaces(settings) + " goto elsewhere");
  chain.line(std::string(kSyn) + " goto intercept");
  add_open_direct(chain);
  chain.rule(std::string(kHeld) + " " + set_mark("meta mark", kDeliverMark) + " accept", "connections weir holds");
  chain.line("jump closing_direct");
  chain.line("goto intercept");
  return std::move(chain).close();
}

// A SYN, or a packet of a connection that nobody knows: the listener answers that with a reset.
std::string intercept(const conf::Settings& settings) {
  Block chain("chain intercept");
  if (settings.mptcp.alert) {
    // 128 bytes hold an IPv6 and a TCP header with all options.
    chain.rule(std::string(kSyn) + " " + std::string(kMptcp) + " counter name \"alerts\" log group " +
                   std::to_string(kAlertGroup) + " snaplen 128 queue-threshold 1",
               "mptcp.alert");
  }
  chain.rule(std::string(kHeld) + " " + set_mark("meta mark", kDeliverMark) + " accept", "connections weir holds");
  chain.rule("fib daddr type { local, anycast, multicast, broadcast } accept", "never intercepted");
  chain.line("tcp dport != " + ports(settings) + " accept");
  chain.line(std::string(kSyn) + " jump syn");
  deliver(settings, chain);
  return std::move(chain).close();
}

// Without these an error would be forwarded to whose address weir uses, and a dial would not learn that it failed.
std::string no_tcp() {
  Block chain("chain no_tcp");
  chain.rule("meta l4proto { icmp, ipv6-icmp } " + std::string(kHeld) + " " + set_mark("meta mark", kDeliverMark),
             "ICMP errors about connections weir holds");
  return std::move(chain).close();
}

// Packets from interfaces without clients. The "wildcard" of a socket in TIME_WAIT cannot be read (the expression
// breaks off the rule); a listener must still not match.
std::string elsewhere(const conf::Settings& settings) {
  Block chain("chain elsewhere");
  chain.rule(has_mark("meta mark", kOwnMark) + " accept", "weir's own, met again on lo");
  chain.line("tcp flags & rst == rst jump reset_direct");
  chain.rule("tcp dport " + ports(settings) + " socket transparent 1 socket wildcard 1 accept",
             "a listener: not for weir");
  chain.rule("socket transparent 1 " + set_mark("meta mark", kDeliverMark) + " accept",
             "replies from upstream, also to connections in TIME_WAIT");
  return std::move(chain).close();
}

std::string endpoint_rule(const conf::SignalledEndpoint& endpoint, const conf::Settings& settings) {
  return std::string(endpoint.address.is_v4() ? "ip" : "ip6") + " daddr " + endpoint.address.text() + " tcp dport " +
         ports(settings) + " " + std::string(kSyn) + " " + std::string(kJoin) + " accept";
}

// weir listens on all addresses, also the gateway's own. A SYN to one of those was not intercepted: dialling on would
// be a loop, and from the outside an open proxy.
std::string input(const conf::Settings& settings) {
  Block chain("chain input");
  chain.line("type filter hook input priority filter; policy accept;");
  for (const auto& endpoint : settings.mptcp.endpoints) {
    chain.rule(endpoint_rule(endpoint, settings), "joins to a signalled address");
  }
  chain.rule("tcp dport " + ports(settings) + " " + std::string(kSyn) + " " + has_not_mark("meta mark", kDeliverMark) +
                 " socket transparent 1 socket wildcard 1 counter name \"refused\" reject with tcp reset",
             "to the gateway itself");
  return std::move(chain).close();
}

// Outside of TCP there is nothing to terminate: a browser whose QUIC is refused by an ICMP error comes by TCP at once.
bool refuses_quic(const conf::Settings& settings) {
  constexpr std::uint16_t kHttps = 443;
  const auto& intercepted = settings.gateway.intercept_ports;
  return settings.quic.action == conf::QuicAction::reject &&
         std::find(intercepted.begin(), intercepted.end(), kHttps) != intercepted.end();
}

std::string forward(const conf::Settings& settings) {
  const bool masquerades = settings.gateway.masquerade;
  if (!masquerades && !refuses_quic(settings)) return {};
  const auto clients = interfaces(settings);
  Block chain("chain forward");
  chain.line("type filter hook forward priority mangle; policy accept;");
  if (refuses_quic(settings))
    chain.rule("iifname " + clients + " udp dport 443 counter name \"quic\" reject with icmpx port-unreachable",
               "quic.action = reject");
  if (masquerades)
    chain.line("iifname " + clients + " oifname != " + clients + " " + set_mark("meta mark", kForwardedMark));
  return std::move(chain).close();
}

// Answers of the clients' DNS servers, wherever they run: behind the gateway or on it.
std::string watch_answers(const conf::Settings& settings) {
  if (settings.dns.watch.empty()) return {};
  Block chain("chain answers");
  chain.line("type filter hook postrouting priority mangle; policy accept;");
  for (const auto& server : settings.dns.watch)
    chain.rule("oifname " + interfaces(settings) + " udp sport 53 " + (server.is_v4() ? "ip" : "ip6") + " saddr " +
                   server.text() + " log group " + std::to_string(kAnswerGroup) + " snaplen 2048 queue-threshold 1",
               "dns.watch");
  return std::move(chain).close();
}

std::string masquerade(const conf::Settings& settings) {
  if (!settings.gateway.masquerade) return {};
  Block chain("chain postrouting");
  chain.line("type nat hook postrouting priority srcnat; policy accept;");
  chain.rule(has_mark("meta mark", kForwardedMark) + " masquerade", "gateway.masquerade");
  return std::move(chain).close();
}

std::string saved_chain(const SavedState& saved) {
  Block chain("chain saved");
  for (const auto& entry : saved) chain.rule("return", entry);
  return std::move(chain).close();
}

}  // namespace

namespace {

// A table of weir's that is there already is emptied and filled in one transaction, except for what flows have written.
std::string emptying_text(const TableInventory& present) {
  const auto table = "inet " + std::string(kTable);
  auto text = "add table " + table + "\nflush table " + table + "\n";
  for (const auto& chain : present.chains) text += "delete chain " + table + " " + chain + "\n";
  for (const auto& set : present.sets)
    if (!is_lasting_set(set)) text += "delete set " + table + " " + set + "\n";
  for (const auto& counter : present.counters)
    if (!is_lasting_counter(counter)) text += "delete counter " + table + " " + counter + "\n";
  return text;
}

std::string table_text(const Wanted& wanted, const SavedState& saved) {
  const auto& settings = wanted.settings;
  return "table inet " + std::string(kTable) + " {\n" + counters(wanted.policy) +
         sets_text(wanted.policy, rules_for_syn(wanted.policy), wanted.live) + syn_chains(settings, wanted.policy) +
         prerouting(settings) + intercept(settings) + no_tcp() + elsewhere(settings) + input(settings) +
         forward(settings) + watch_answers(settings) + masquerade(settings) + saved_chain(saved) + "}\n";
}

}  // namespace

std::string ruleset_text(const Wanted& wanted, const SavedState& saved, const TableInventory& present) {
  return emptying_text(present) + table_text(wanted, saved);
}

std::string fresh_ruleset_text(const Wanted& wanted, const SavedState& saved) {
  return removal_text() + table_text(wanted, saved);
}

std::string configured_ruleset(const Wanted& wanted) {
  return table_text({.settings = wanted.settings, .policy = wanted.policy}, {});
}

std::string removal_text() {
  // Deleting a table that is not there is an error, adding one that is there is none.
  const std::string table = "table inet " + std::string(kTable) + "\n";
  return "add " + table + "delete " + table;
}

}  // namespace weir::kernel
