// [[rule]] and its `when`
#include <algorithm>

#include "conf/header_edits.hpp"
#include "conf/policy_sections.hpp"
#include "conf/token.hpp"

namespace weir::conf {
namespace {

using policy::Action;
using policy::OnSyn;
using policy::Rule;
using policy::Tls;
using policy::Transport;
using policy::When;
using Builder = policy::TableBuilder<policy::RuleTable>;

// Methods are told apart by case (RFC 9110, 9.1), and all that are registered are in upper case.
bool is_method(std::string_view text) {
  return is_token(text) && std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_alpn(std::string_view text) { return !text.empty() && text.size() <= 255; }  // RFC 7301, 3.1

bool is_any(std::string_view) { return true; }

void read_headers(Section section, const Surroundings& around, std::vector<policy::HeaderCondition>& headers,
                  const toml::table* table) {
  if (table == nullptr) return;
  for (const auto& [key, node] : *table) {
    policy::HeaderCondition condition;
    condition.name = lower(key.str());
    if (!is_token(condition.name)) {
      section.problems().add(key.source(), "headers: '" + printable(key.str()) + "' is not a header's name");
    }
    read_regexes(section, key.str(), around, condition.values);
    headers.push_back(std::move(condition));
  }
}

void read_interfaces(Section& section, const Surroundings& around, When& when) {
  read_words(section, "interfaces", around, when.interfaces, is_any, "an interface");
  for (const auto& name : when.interfaces)
    if (std::ranges::find(around.client_interfaces, name) == around.client_interfaces.end())
      section.problem("interfaces: '" + printable(name) +
                      "' is not in gateway.client_interfaces, so weir sees no SYN there");
}

// Nothing tells which names belong where unless answers of DNS servers are seen: all names would be unconfirmed.
void read_name_confirmed(Section& section, const Surroundings& around, When& when) {
  bool confirmed = false;
  const auto* node = section.read("name_confirmed", confirmed);
  if (node == nullptr) return;
  when.name_confirmed = confirmed;
  if (!around.watches_dns)
    section.problem(*node,
                    "name_confirmed needs dns.watch: the answers of the DNS servers that clients use tell which names "
                    "belong where");
}

void read_when(Section section, const Surroundings& around, Builder& builder, When& when) {
  when.by_source = read_prefixes(section, "sources", around, when.sources);
  when.by_destination = read_prefixes(section, "destinations", around, when.destinations);
  read_intercepted_ports(section, "ports", around, when.ports);
  Transport transport{};
  if (section.read<Transport>("transport", transport, {{"tcp", Transport::tcp}, {"mptcp", Transport::mptcp}}))
    when.transport = transport;
  read_interfaces(section, around, when);
  when.by_domain = read_domains(section, "domains", around,
                                [&](const policy::DomainPattern& pattern) { builder.add_domain(pattern); });
  read_name_confirmed(section, around, when);
  read_words(section, "alpn", around, when.alpn, is_alpn, "a protocol's name such as \"h2\" or \"http/1.1\"");
  read_words(section, "methods", around, when.methods, is_method, "a method such as \"GET\"; they are in upper case");
  read_paths(section, "paths", around, when.paths);
  const auto* headers = section.table("headers");
  read_headers(Section("headers", headers, section.problems()), around, when.headers, headers);
  read_regexes(section, "user_agents", around, when.user_agents);
  section.finish();
}

// What of a rule would never have an effect, and is a mistake therefore.
void check(Section& section, const Rule& rule, const toml::node* tls, const toml::node* mptcp,
           const toml::node* action) {
  const bool ends = rule.action != Action::allow;
  if (mptcp != nullptr && !rule.when.is_of_syn())
    section.problem(*mptcp,
                    "mptcp is decided on the SYN: it can be said only where `when` has nothing but sources, "
                    "destinations, ports, transport and interfaces");
  else if (mptcp != nullptr && rule.when.transport == Transport::tcp)
    section.problem(*mptcp, "mptcp has no effect in a rule for transport = \"tcp\"");
  else if (rule.mptcp == OnSyn::direct && (ends || rule.tls == Tls::decrypt))
    section.problem(*mptcp, std::string("mptcp = \"direct\" sends the flow past weir, which then cannot ") +
                                (ends ? policy::name(rule.action) : "decrypt") + " it");
  else if (rule.mptcp == OnSyn::deny && (action != nullptr || tls != nullptr))
    section.problem(*mptcp, "mptcp = \"deny\" refuses the connection; action and tls would have no effect");
  if (!rule.judges_flows() && mptcp == nullptr)
    section.problem("a rule with interfaces judges SYNs only: say what becomes of them, such as mptcp = \"strip\"");
  else if (!rule.judges_flows() && (action != nullptr || tls != nullptr))
    section.problem(*(action != nullptr ? action : tls),
                    "a rule with interfaces judges SYNs only: of action, tls and mptcp it can say mptcp");
}

// Headers are changed in requests that weir reads and lets go on.
void check_edits(Section& section, const Rule& rule, const toml::node& edits) {
  const auto no_effect = [&](const std::string& why) {
    section.problem(edits, "changes of headers would have no effect: " + why);
  };
  if (!rule.judges_flows())
    no_effect("a rule with interfaces judges SYNs only");
  else if (rule.action != Action::allow)
    no_effect(std::string("action = \"") + policy::name(rule.action) + "\" lets no request go on");
  else if (rule.mptcp == OnSyn::direct || rule.mptcp == OnSyn::deny)
    no_effect(std::string("mptcp = \"") + policy::name(*rule.mptcp) + "\" keeps the flow from weir");
  else if (rule.tls == Tls::passthrough)
    no_effect("tls = \"passthrough\" leaves requests unread");
}

void read_rule(Section section, const toml::node& where, const Surroundings& around, std::vector<std::string>& names,
               Builder& builder) {
  Rule rule;
  read_entry_name(section, where, "a [[rule]]", names, rule.name);
  const auto* when = section.table("when");
  if (when != nullptr) read_when(Section("when", when, section.problems()), around, builder, rule.when);
  const auto* action = section.read<Action>(
      "action", rule.action, {{"allow", Action::allow}, {"block", Action::block}, {"reset", Action::reset}});
  Tls tls{};
  const auto* tls_node = section.read<Tls>("tls", tls, {{"passthrough", Tls::passthrough}, {"decrypt", Tls::decrypt}});
  if (tls_node != nullptr) rule.tls = tls;
  OnSyn mptcp{};
  const auto* mptcp_node = section.read<OnSyn>(
      "mptcp", mptcp,
      {{"terminate", OnSyn::terminate}, {"direct", OnSyn::direct}, {"strip", OnSyn::strip}, {"deny", OnSyn::deny}});
  if (mptcp_node != nullptr) rule.mptcp = mptcp;
  const auto* edits = read_header_edits(section, rule.edits);
  section.finish();
  check(section, rule, tls_node, mptcp_node, action);
  if (edits != nullptr) check_edits(section, rule, *edits);
  builder.add(std::move(rule));
}

}  // namespace

void read_rules(const toml::table& root, const Surroundings& around, Problems& problems, policy::Policy& policy) {
  Builder builder;
  std::vector<std::string> names;
  for_each_table(root, "rule", problems, [&](const toml::table& table) {
    read_rule(Section("[[rule]]", &table, problems), table, around, names, builder);
  });
  policy.rules = std::move(builder).build();
}

}  // namespace weir::conf
