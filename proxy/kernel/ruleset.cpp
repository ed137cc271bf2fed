#include "proxy/kernel/ruleset.hpp"

#include <cstdio>

namespace weir::kernel {
namespace {

using conf::OnFailure;
using conf::OnSyn;

constexpr std::string_view kSyn = "tcp flags & (syn|ack) == syn";
constexpr std::string_view kMptcpSyn = "tcp flags & (syn|ack) == syn tcp option mptcp exists";
// MP_JOIN is subtype 1 (RFC 8684, 3.2).
constexpr std::string_view kJoinSyn = "tcp flags & (syn|ack) == syn tcp option mptcp subtype 1";

std::string hex(std::uint32_t value) {
  char text[11];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

// "meta mark & 0xff000000 == 0x57000000"; `what` is "meta mark" or "ct mark".
std::string has(std::string_view what, std::uint32_t mark) {
  return std::string(what) + " & " + hex(kMarkMask) + " == " + hex(mark);
}

std::string has_not(std::string_view what, std::uint32_t mark) {
  return std::string(what) + " & " + hex(kMarkMask) + " != " + hex(mark);
}

std::string set(std::string_view what, std::uint32_t mark) {
  return std::string(what) + " set " + std::string(what) + " & " + hex(~kMarkMask) + " | " + hex(mark);
}

std::string interfaces(const conf::Settings& settings) {
  std::string text = "{ ";
  for (const auto& name : settings.gateway.client_interfaces) {
    if (text.size() > 2) text += ", ";
    text += '"' + name + '"';
  }
  return text + " }";
}

std::string ports(const conf::Settings& settings) {
  std::string text = "{ ";
  for (const auto port : settings.gateway.intercept_ports) {
    if (text.size() > 2) text += ", ";
    text += std::to_string(port);
  }
  return text + " }";
}

// Lines of one chain or of the table, indented.
class Block {
 public:
  explicit Block(std::string head) : text_("  " + std::move(head) + " {\n") {}
  void line(const std::string& statement) { text_ += "    " + statement + "\n"; }
  void rule(const std::string& statement, std::string_view why) {
    line(statement + " comment \"" + std::string(why) + "\"");
  }
  std::string close() && { return std::move(text_) + "  }\n"; }

 private:
  std::string text_;
};

std::string counters() {
  constexpr std::pair<const char*, const char*> kCounters[] = {
      {"intercepted", "SYNs handed to weir"},
      {"direct", "SYNs the kernel forwards past weir"},
      {"stripped", "SYNs that lost their MPTCP option"},
      {"denied", "MPTCP SYNs answered with a reset"},
      {"alerts", "MPTCP SYNs reported to NFLOG"},
      {"dropped", "packets dropped because weir was not running"},
      {"refused", "SYNs to the gateway itself on an intercepted port"},
  };
  std::string text;
  for (const auto& [name, what] : kCounters) {
    Block block("counter " + std::string(name));
    block.line("comment \"" + std::string(what) + "\"");
    text += std::move(block).close();
  }
  return text;
}

// A flow let through while weir was down must stay so when weir comes back, else it would be reset: such flows, and
// those of on_syn = "direct", are known by their conntrack mark. Nothing else asks for conntrack, which costs every
// connection.
bool follows_direct_flows(const conf::Settings& settings) {
  return settings.mptcp.on_syn == OnSyn::direct || settings.gateway.on_failure == OnFailure::open;
}

std::string direct_rule(std::string_view match) {
  return std::string(match) + " " + set("ct mark", kDirectMark) + " counter name \"direct\" accept";
}

void decide_on_syn(const conf::Settings& settings, Block& chain) {
  const std::string syn(kMptcpSyn);
  switch (settings.mptcp.on_syn) {
    case OnSyn::terminate: return;
    case OnSyn::direct: return chain.rule(direct_rule(kMptcpSyn), "mptcp.on_syn = direct");
    case OnSyn::strip:
      return chain.rule(syn + " counter name \"stripped\" reset tcp option mptcp", "mptcp.on_syn = strip");
    case OnSyn::deny: return chain.rule(syn + " counter name \"denied\" reject with tcp reset", "mptcp.on_syn = deny");
  }
}

// A tproxy statement breaks off its rule where no socket listens, so the mark is only set when there is one. Neither
// names a port: a join is refused unless weir's listener has the original destination's port (RFC 8684, 3.2).
void deliver(const conf::Settings& settings, Block& chain) {
  const auto mark = set("meta mark", kDeliverMark);
  chain.line("meta nfproto ipv4 meta l4proto tcp tproxy ip to 0.0.0.0 " + mark);
  chain.line("meta nfproto ipv6 meta l4proto tcp tproxy ip6 to [::] " + mark);
  chain.line(has("meta mark", kDeliverMark) + " " + std::string(kSyn) + " counter name \"intercepted\"");
  chain.line(has("meta mark", kDeliverMark) + " accept");
  if (settings.gateway.on_failure == OnFailure::closed) {
    chain.rule("counter name \"dropped\" drop", "weir is not running; on_failure = closed");
  } else {
    chain.rule(direct_rule(kSyn), "weir is not running; on_failure = open");
  }
}

std::string prerouting(const conf::Settings& settings) {
  Block chain("chain prerouting");
  chain.line("type filter hook prerouting priority mangle; policy accept;");
  // Else they would be forwarded to whose address weir uses, and a dial would not learn that it failed.
  chain.rule("meta l4proto { icmp, ipv6-icmp } socket transparent 1 socket wildcard 0 " +
                 set("meta mark", kDeliverMark) + " accept",
             "ICMP errors about connections weir holds");
  chain.rule("meta l4proto != tcp accept", "weir takes TCP only");
  if (follows_direct_flows(settings)) {
    chain.rule(has("ct mark", kDirectMark) + " accept", "flows the kernel forwards");
  }
  chain.rule(has("meta mark", kOwnMark) + " accept", "weir's own, met again on lo");
  // Without "wildcard 0" a SYN would match the listener here, before any decision on it (kernel-facts 14).
  chain.rule("socket transparent 1 socket wildcard 0 " + set("meta mark", kDeliverMark) + " accept",
             "connections weir holds: clients, and replies from upstream");
  chain.line("iifname != " + interfaces(settings) + " goto elsewhere");
  if (settings.mptcp.alert) {
    // 128 bytes hold an IPv6 and a TCP header with all options.
    chain.rule(std::string(kMptcpSyn) + " counter name \"alerts\" log group " + std::to_string(kAlertGroup) +
                   " snaplen 128 queue-threshold 1",
               "mptcp.alert");
  }
  chain.rule("fib daddr type { local, anycast, multicast, broadcast } accept", "never intercepted");
  chain.line("tcp dport != " + ports(settings) + " accept");
  decide_on_syn(settings, chain);
  deliver(settings, chain);
  return std::move(chain).close();
}

// Packets from interfaces without clients. The "wildcard" of a socket in TIME_WAIT cannot be read (the expression
// breaks off the rule), so such a socket gets past the first divert rule; a listener must still not match.
std::string elsewhere() {
  Block chain("chain elsewhere");
  chain.rule("socket transparent 1 socket wildcard 1 accept", "a listener: not for weir");
  chain.rule("socket transparent 1 " + set("meta mark", kDeliverMark) + " accept", "upstream connections in TIME_WAIT");
  return std::move(chain).close();
}

std::string endpoint_rule(const conf::SignalledEndpoint& endpoint, const conf::Settings& settings) {
  return std::string(endpoint.address.is_v4() ? "ip" : "ip6") + " daddr " + endpoint.address.text() + " tcp dport " +
         ports(settings) + " " + std::string(kJoinSyn) + " accept";
}

// weir listens on all addresses, also the gateway's own. A SYN to one of those was not intercepted: dialling on would
// be a loop, and from the outside an open proxy.
std::string input(const conf::Settings& settings) {
  Block chain("chain input");
  chain.line("type filter hook input priority filter; policy accept;");
  for (const auto& endpoint : settings.mptcp.endpoints) {
    chain.rule(endpoint_rule(endpoint, settings), "joins to a signalled address");
  }
  chain.rule("tcp dport " + ports(settings) + " " + std::string(kSyn) + " " + has_not("meta mark", kDeliverMark) +
                 " socket transparent 1 socket wildcard 1 counter name \"refused\" reject with tcp reset",
             "to the gateway itself");
  return std::move(chain).close();
}

std::string masquerade(const conf::Settings& settings) {
  if (!settings.gateway.masquerade) return {};
  const auto clients = interfaces(settings);
  Block forward("chain forward");
  forward.line("type filter hook forward priority mangle; policy accept;");
  forward.line("iifname " + clients + " oifname != " + clients + " " + set("meta mark", kForwardedMark));
  Block postrouting("chain postrouting");
  postrouting.line("type nat hook postrouting priority srcnat; policy accept;");
  postrouting.rule(has("meta mark", kForwardedMark) + " masquerade", "gateway.masquerade");
  return std::move(forward).close() + std::move(postrouting).close();
}

std::string saved_chain(const SavedState& saved) {
  Block chain("chain saved");
  for (const auto& entry : saved) chain.rule("return", entry);
  return std::move(chain).close();
}

}  // namespace

std::string ruleset_text(const conf::Settings& settings, const SavedState& saved) {
  return removal_text() + "table inet " + std::string(kTable) + " {\n" + counters() + prerouting(settings) +
         elsewhere() + input(settings) + masquerade(settings) + saved_chain(saved) + "}\n";
}

std::string removal_text() {
  // Deleting a table that is not there is an error, adding one that is there is none.
  const std::string table = "table inet " + std::string(kTable) + "\n";
  return "add " + table + "delete " + table;
}

}  // namespace weir::kernel
