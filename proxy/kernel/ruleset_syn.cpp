#include "proxy/kernel/ruleset_syn.hpp"

#include <optional>

#include "proxy/kernel/nft_text.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/kernel/ruleset_sets.hpp"

namespace weir::kernel {
namespace {

using policy::Bypass;
using policy::Flows;
using policy::OnSyn;
using policy::Rule;
using policy::Transport;

constexpr std::array kFamilies{true, false};  // IPv4, IPv6

std::string ip(bool v4) { return v4 ? "ip" : "ip6"; }

std::string port_match(const std::vector<std::uint16_t>& ports) {
  return ports.empty() ? std::string() : "tcp dport " + nft_list(ports) + " ";
}

// "ip saddr @bypass0_from4 "; nothing where sources are not asked for, none where no source of the family can match.
std::optional<std::string> source_match(bool asked, const std::vector<policy::Prefix>& sources, std::string_view kind,
                                        std::size_t i, bool v4) {
  if (!asked) return std::string();
  if (!has_family(sources, v4)) return std::nullopt;
  return ip(v4) + " saddr @" + from_set(kind, i, v4) + " ";
}

std::string destination_match(const std::string& set, bool v4) { return ip(v4) + " daddr @" + set + " "; }

// Where a SYN goes that goes direct.
std::string go_direct(Transport of) { return of == Transport::mptcp ? "goto direct_mptcp" : "goto direct"; }

void add_bypass(Block& chain, Transport of, const Bypass& entry, std::size_t i) {
  if (!entry.takes(of)) return;
  const auto ends = "counter name \"" + bypass_counter(i) + "\" " + go_direct(of);
  const auto why = "bypass " + entry.name;
  const auto before = port_match(entry.ports);
  if (!entry.by_source && entry.is_for_all_destinations()) return chain.rule(before + ends, why);
  for (const bool v4 : kFamilies) {
    const auto from = source_match(entry.by_source, entry.sources, "bypass", i, v4);
    if (!from) continue;
    if (entry.is_for_all_destinations()) chain.rule(before + *from + ends, why);
    if (has_family(entry.destinations, v4))
      chain.rule(before + *from + destination_match(to_set("bypass", i, v4), v4) + ends, why);
    if (entry.by_domain)
      chain.rule(before + *from + destination_match(learned_set(i, v4), v4) + ends, why + ", learned");
  }
}

void add_run_time(Block& chain, Transport of) {
  for (const auto flows : {of == Transport::mptcp ? Flows::mptcp : Flows::tcp, Flows::any})
    for (const bool v4 : kFamilies) chain.line(destination_match(run_time_set(flows, v4), v4) + go_direct(of));
}

std::string go(OnSyn path) {
  return path == OnSyn::direct ? go_direct(Transport::mptcp) : std::string("goto ") + policy::name(path);
}

void add_rule(Block& chain, const Rule& rule, std::size_t i, OnSyn by_default) {
  const auto& when = rule.when;
  if (when.transport == policy::Transport::tcp) return;
  const auto ends = go(policy::syn_path(rule, by_default));
  const auto why = "rule " + rule.name;
  const auto before =
      (when.interfaces.empty() ? "" : "iifname " + nft_list(when.interfaces) + " ") + port_match(when.ports);
  if (!when.by_source && !when.by_destination) return chain.rule(before + ends, why);
  for (const bool v4 : kFamilies) {
    const auto from = source_match(when.by_source, when.sources, "rule", i, v4);
    if (!from || (when.by_destination && !has_family(when.destinations, v4))) continue;
    chain.rule(before + *from + (when.by_destination ? destination_match(to_set("rule", i, v4), v4) : "") + ends, why);
  }
}

std::string here(bool v4, std::string_view set) {
  return ip(v4) + " daddr . tcp dport @" + std::string(set) + (v4 ? "4" : "6");
}

std::string syn_chain(const policy::Policy& policy) {
  Block chain("chain syn");
  chain.line(std::string(kNoMptcp) + " goto plain_syn");
  // For `weir doctor --joins`; a flood of joins must not become one of messages.
  chain.line(std::string(kJoin) + " limit rate 200/second burst 200 packets log group " + std::to_string(kJoinGroup) +
             " snaplen 128 queue-threshold 1");
  // First: a connection that weir holds stays with it, whatever lists say by now.
  chain.rule(std::string(kJoin) + " " + std::string(kJoinToken) + " @" + std::string(kTokenSet) + " return",
             "joins to connections weir holds");
  add_run_time(chain, Transport::mptcp);
  for (std::size_t i = 0; i < policy.bypasses->entries.size(); ++i)
    add_bypass(chain, Transport::mptcp, policy.bypasses->entries[i], i);
  chain.line(std::string(kJoin) + " goto unknown_join");
  for (std::size_t i = 0; i < rules_for_syn(policy); ++i)
    if (policy.rules->entries[i].when.is_of_syn()) add_rule(chain, policy.rules->entries[i], i, policy.on_syn);
  chain.rule(go(policy.on_syn), "mptcp.on_syn");
  return std::move(chain).close();
}

std::string plain_syn_chain(const policy::Policy& policy) {
  Block chain("chain plain_syn");
  add_run_time(chain, Transport::tcp);
  for (std::size_t i = 0; i < policy.bypasses->entries.size(); ++i)
    add_bypass(chain, Transport::tcp, policy.bypasses->entries[i], i);
  return std::move(chain).close();
}

// weir learns of its own connections' tokens a moment after their handshake; a join can be quicker. So where weir was
// handed a connection to that address and port just now, the kernel's MPTCP may judge: it knows the token already. If a
// connection there also went past weir, it could be that one's join, which the kernel would refuse: it is dropped, and
// comes again in a second, when the tokens are known.
std::string unknown_join_chain(conf::UnknownJoins unknown) {
  Block chain("chain unknown_join");
  for (const bool v4 : kFamilies) {
    chain.rule(here(v4, kRecentSet) + " " + here(v4, kDirectSet) + " counter name \"postponed\" drop",
               "whose it is will be known when it comes again");
    chain.line(here(v4, kRecentSet) + " return");
  }
  if (unknown == conf::UnknownJoins::direct)
    chain.rule(go(OnSyn::direct), "mptcp.joins.unknown = direct");
  else
    chain.rule("counter name \"joins_dropped\" drop", "mptcp.joins.unknown = drop");
  return std::move(chain).close();
}

void remember(Block& chain, std::string_view set) {
  for (const bool v4 : kFamilies)
    chain.line(std::string(kCapable) + " update @" + std::string(set) + (v4 ? "4" : "6") + " { " + ip(v4) +
               " daddr . tcp dport }");
}

std::string terminate_chain() {
  Block chain("chain terminate");
  remember(chain, kRecentSet);
  return std::move(chain).close();
}

std::string strip_chain() {
  Block chain("chain strip");
  chain.line("counter name \"stripped\" reset tcp option mptcp");
  return std::move(chain).close();
}

std::string deny_chain() {
  Block chain("chain deny");
  chain.line("counter name \"denied\" reject with tcp reset");
  return std::move(chain).close();
}

std::string connection(bool v4) { return ip(v4) + " saddr . tcp sport . " + ip(v4) + " daddr . tcp dport"; }

std::string reply_of_connection(bool v4) { return ip(v4) + " daddr . tcp dport . " + ip(v4) + " saddr . tcp sport"; }

std::string open_set(bool v4) { return "@" + std::string(kOpenSet) + (v4 ? "4" : "6"); }
std::string closing_set(bool v4) { return "@" + std::string(kClosingSet) + (v4 ? "4" : "6"); }

// What goes past weir is remembered, so that its packets after the SYN go the same way whatever lists say by then. A
// SYN that finds no room is weir's.
std::string direct_chains() {
  Block of_mptcp("chain direct_mptcp");
  remember(of_mptcp, kDirectSet);
  of_mptcp.line("goto direct");
  Block chain("chain direct");
  for (const bool v4 : kFamilies)
    chain.line("meta nfproto " + std::string(v4 ? "ipv4" : "ipv6") + " add " + open_set(v4) + " { " + connection(v4) +
               " timeout 2m } counter name \"direct\" accept");
  chain.line("counter name \"direct_full\"");
  return std::move(of_mptcp).close() + std::move(chain).close();
}

// A client's FIN or reset, and what it sends after that.
std::string closing_chain() {
  Block chain("chain closing_direct");
  for (const bool v4 : kFamilies) {
    const auto key = connection(v4);
    chain.line(key + " " + open_set(v4) + " add " + closing_set(v4) + " { " + key + " } delete " + open_set(v4) +
               " { " + key + " } accept");
    chain.line(key + " " + closing_set(v4) + " update " + closing_set(v4) + " { " + key + " } accept");
  }
  return std::move(chain).close();
}

std::string reset_chain() {
  Block chain("chain reset_direct");
  for (const bool v4 : kFamilies) chain.line("delete " + open_set(v4) + " { " + reply_of_connection(v4) + " }");
  return std::move(chain).close();
}

std::string counter(const std::string& name, const std::string& what) {
  Block block("counter " + name);
  block.line("comment \"" + what + "\"");
  return std::move(block).close();
}

}  // namespace

std::size_t rules_for_syn(const policy::Policy& policy) {
  const auto& rules = policy.rules->entries;
  for (auto count = rules.size(); count > 0; --count) {
    const auto& rule = rules[count - 1];
    if (rule.when.is_of_syn() && policy::syn_path(rule, policy.on_syn) != policy.on_syn) return count;
  }
  return 0;
}

void add_open_direct(Block& chain) {
  for (const bool v4 : kFamilies)
    chain.line("tcp flags & (fin|rst) == 0x0 " + connection(v4) + " " + open_set(v4) + " update " + open_set(v4) +
               " { " + connection(v4) + " } accept");
}

std::string syn_chains(const conf::Settings& settings, const policy::Policy& policy) {
  return direct_chains() + closing_chain() + reset_chain() + terminate_chain() + strip_chain() + deny_chain() +
         unknown_join_chain(settings.mptcp.unknown_joins) + plain_syn_chain(policy) + syn_chain(policy);
}

std::string syn_counters(const policy::Policy& policy) {
  auto text = counter("direct", "SYNs the kernel forwards past weir") +
              counter("direct_full", "SYNs that were to go direct, and came to weir for want of room") +
              counter("stripped", "SYNs that lost their MPTCP option") +
              counter("denied", "MPTCP SYNs answered with a reset") +
              counter("postponed", "joins dropped because their connection was not known yet") +
              counter("joins_dropped", "joins to connections that are not weir's");
  for (std::size_t i = 0; i < policy.bypasses->entries.size(); ++i)
    text += counter(bypass_counter(i), "SYNs of bypass " + policy.bypasses->entries[i].name);
  return text;
}

std::string bypass_counter(std::size_t bypass) { return "bypass" + std::to_string(bypass); }

bool is_lasting_counter(std::string_view name) { return !name.starts_with("bypass"); }

}  // namespace weir::kernel
