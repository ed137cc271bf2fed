#include "proxy/admin/explain.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "policy/normal_path.hpp"
#include "proxy/flow/safe_text.hpp"

namespace weir::admin {
namespace {

namespace json = boost::json;
using Parsed = boost::system::result<Question, std::string>;
using policy::Fact;
using policy::OnSyn;
using State = policy::Outcome::State;

constexpr std::uint16_t kHttp = 80;
constexpr std::uint16_t kHttps = 443;

std::string normal(std::string_view path) {
  std::string made;
  return std::string(policy::normal_path(path, made));
}

std::optional<std::string> take_header(Question& question, const std::string& value) {
  const auto colon = value.find(':');
  if (colon == std::string::npos || colon == 0) return "a header is 'Name: value'";
  const auto begin = value.find_first_not_of(' ', colon + 1);
  question.headers.emplace_back(value.substr(0, colon), begin == std::string::npos ? "" : value.substr(begin));
  return std::nullopt;
}

// Nothing where it is understood, else what would be right.
std::optional<std::string> take(Question& question, const std::string& name, const std::string& value) {
  if (name == "from") {
    const auto address = policy::Address::parse(value);
    if (address) question.from = *address;
    return address ? std::nullopt : std::optional<std::string>("from is an address, such as 10.1.0.2");
  }
  if (name == "to") {
    const auto endpoint = policy::Endpoint::parse(value);
    if (endpoint) question.to = *endpoint;
    return endpoint ? std::nullopt
                    : std::optional<std::string>("to is an address and a port, such as 198.51.100.7:443");
  }
  if (name == "mptcp" || name == "name_confirmed") {
    if (value != "true" && value != "false") return name + " is true or false";
    if (name == "mptcp")
      question.mptcp = value == "true";
    else
      question.name_confirmed = value == "true";
    return std::nullopt;
  }
  if (name == "domain") {
    question.domain = policy::DomainName::parse(value);
    return question.domain ? std::nullopt
                           : std::optional<std::string>("domain is a name on the wire, such as www.example.com");
  }
  if (name == "header") return take_header(question, value);
  if (name == "interface") return question.interface = value, std::nullopt;
  if (name == "alpn") return question.alpn.push_back(value), std::nullopt;
  if (name == "method") return question.method = value, std::nullopt;
  if (name == "path") return question.path = normal(std::string_view(value).substr(0, value.find('?'))), std::nullopt;
  return "a flow is told by from, to, mptcp, interface, domain, name_confirmed, alpn, method, path and header";
}

bool is_encrypted(const Question& question) { return question.to.port == kHttps || !question.alpn.empty(); }

// What has been found out of the flow once its first bytes came.
void add_names(const Question& question, policy::Facts& facts) {
  if (question.domain) facts.domain = *question.domain;
  if (question.domain) facts.name_confirmed = question.name_confirmed.value_or(false);
  facts.encrypted = is_encrypted(question);
  if (!question.alpn.empty())
    facts.alpn = std::span<const std::string>(question.alpn);
  else if (question.domain || question.method)
    facts.alpn = Fact<std::span<const std::string>>::absent();
  if (question.method && !question.domain) {
    facts.domain = Fact<policy::DomainName>::absent();
    facts.name_confirmed = Fact<bool>::absent();
  }
}

json::array steps(const policy::Trace& trace) {
  json::array all;
  for (const auto& step : trace)
    all.push_back({{"entry", policy::name(step.source)},
                   {"name", step.name},
                   {"result", policy::name(step.result)},
                   {"reason", step.reason}});
  return all;
}

// A request, or a name that is a Host.
bool is_plain_http(const Question& question) {
  return !is_encrypted(question) && (question.method || (question.domain && question.to.port == kHttp));
}

bool is_allowed(const policy::Outcome& outcome) {
  return outcome.state == State::decided && outcome.decision.action == policy::Action::allow;
}

bool is_by_bypass(const policy::Outcome& outcome) {
  const auto source = outcome.decision.source;
  return source == policy::Source::bypass || source == policy::Source::run_time_bypass;
}

bool is_decrypted(const policy::Outcome& outcome, const Question& question) {
  if (outcome.state == State::needs_decryption) return true;
  return is_allowed(outcome) && outcome.decision.tls == policy::Tls::decrypt && !is_plain_http(question);
}

// Of a flow that weir gets: as it is known from its first bytes, and again with the request where TLS is opened for it.
void walk_flow(const policy::Policy& policy, const Question& question, policy::Facts facts, const Known& known,
               Explanation& told) {
  std::vector<policy::HeaderField> fields;
  for (const auto& [name, value] : question.headers) fields.push_back({name, value});
  const auto request = question.method ? Fact<policy::HttpRequest>({*question.method, question.path, fields})
                                       : Fact<policy::HttpRequest>();
  if (!facts.encrypted) facts.request = request;
  told.outcome = policy::decide(policy, facts, &told.flow);
  told.asks_for_request = told.outcome.state == State::needs_decryption;
  told.decrypted = is_decrypted(told.outcome, question);
  if (told.decrypted && known.exception) {
    told.decrypted = told.asks_for_request = false;
    told.exception = known.exception;
    told.exception_blocks = known.exception_blocks;
    facts.request = Fact<policy::HttpRequest>::absent();
  } else if (told.decrypted && question.method) {
    facts.request = request;
  } else {
    return;
  }
  told.flow.clear();
  told.outcome = policy::decide(policy, facts, &told.flow);
}

void add_who_decides(const policy::Policy& policy, const Question& question, Explanation& told) {
  const auto& decision = told.outcome.decision;
  const auto name = entry_name(policy, decision.source, decision.index);
  const bool by_rule = decision.source == policy::Source::rule;
  told.flow_by = by_rule ? "rule " + name : name;
  told.inspected =
      is_allowed(told.outcome) && !is_by_bypass(told.outcome) && is_plain_http(question) && policy.reads_requests();
  if (by_rule && is_allowed(told.outcome)) told.edits = policy.rules->entries[decision.index].edits;
}

std::string why_not_intercepted(const Question& question, const Known& known) {
  const auto& ports = known.intercept_ports;
  if (!ports.empty() && std::ranges::find(ports, question.to.port) == ports.end())
    return "port " + std::to_string(question.to.port) + " is not in gateway.intercept_ports";
  if (known.own_addresses.contains(question.to.address))
    return question.to.address.text() + " is an address of the gateway itself";
  return {};
}

// The word of records and metrics for what becomes of the flow, or of its request.
std::string disposition(const Explanation& told) {
  if (!told.not_intercepted.empty()) return "direct";
  if (!told.reaches_weir) return told.path == OnSyn::direct ? "direct" : "reset";
  if (told.outcome.state == State::needs_more) return "unknown";
  if (told.outcome.state == State::needs_decryption) return "decrypt";  // the rule's action is the request's
  if (!is_allowed(told.outcome)) return policy::name(told.outcome.decision.action);
  if (told.decrypted) return "decrypt";
  if (told.exception && told.exception_blocks) return "block";
  return told.inspected ? "inspect" : "splice";
}

// By the configuration's keys.
json::object edits_object(const policy::HeaderEdits& edits) {
  json::object object;
  const auto set = [&object](const char* key, const std::vector<policy::HeaderEdits::Field>& fields) {
    json::object all;
    for (const auto& [name, value] : fields) all[name] = value;
    if (!all.empty()) object[key] = std::move(all);
  };
  const auto removed = [&object](const char* key, const std::vector<std::string>& names) {
    if (!names.empty()) object[key] = json::array(names.begin(), names.end());
  };
  set("set_request_headers", edits.set_request);
  removed("remove_request_headers", edits.remove_request);
  set("set_response_headers", edits.set_response);
  removed("remove_response_headers", edits.remove_response);
  return object;
}

json::object flow_object(const Explanation& told) {
  const bool decided = told.outcome.state != State::needs_more;
  json::object flow{{"decided", decided}, {"by", told.flow_by}, {"steps", steps(told.flow)}};
  if (told.name_confirmed) flow["name_confirmed"] = *told.name_confirmed;
  if (!decided) return flow;
  if (told.outcome.state == State::decided) flow["action"] = policy::name(told.outcome.decision.action);
  flow["tls"] = policy::name(told.outcome.decision.tls);
  flow["asks_for_request"] = told.asks_for_request;
  if (told.exception)
    flow["exception"] = {{"cause", flow::name(*told.exception)}, {"reason", flow::sentence(*told.exception)}};
  if (!told.edits.empty()) flow["edits"] = edits_object(told.edits);
  return flow;
}

}  // namespace

Parsed Question::parse(const std::vector<std::pair<std::string, std::string>>& words) {
  Question question;
  std::array<bool, 2> has{};
  for (const auto& [name, value] : words) {
    if (auto problem = take(question, name, value)) return *problem;
    has[0] = has[0] || name == "from";
    has[1] = has[1] || name == "to";
  }
  if (!has[0]) return std::string("from is missing: where the flow comes from, an address");
  if (!has[1]) return std::string("to is missing: where the flow goes, an address and a port");
  if (question.name_confirmed && !question.domain)
    return std::string("name_confirmed is said of a name: give domain as well");
  return question;
}

Explanation explain(const policy::Policy& policy, const Question& question, Known known) {
  Explanation told;
  told.not_intercepted = why_not_intercepted(question, known);
  if (!told.not_intercepted.empty()) {
    told.reaches_weir = false;
    told.path = OnSyn::direct;
    return told;
  }
  const auto syn =
      policy::decide_on_syn(policy,
                            {.client = question.from,
                             .destination = question.to,
                             .transport = question.mptcp ? policy::Transport::mptcp : policy::Transport::tcp,
                             .interface = question.interface,
                             .learned = std::move(known.learned)},
                            &told.syn);
  told.path = syn.path;
  told.syn_by = syn.source == policy::Source::rule ? "rule " + entry_name(policy, syn.source, syn.index)
                                                   : entry_name(policy, syn.source, syn.index);
  told.reaches_weir = syn.path == OnSyn::terminate || syn.path == OnSyn::strip;
  if (!told.reaches_weir) return told;

  const bool is_mptcp = question.mptcp && syn.path != OnSyn::strip;
  policy::Facts facts{.client = question.from,
                      .destination = question.to,
                      .transport = is_mptcp ? policy::Transport::mptcp : policy::Transport::tcp};
  add_names(question, facts);
  if (question.domain && policy.asks_for_confirmed_names()) told.name_confirmed = *facts.name_confirmed;
  walk_flow(policy, question, facts, known, told);
  add_who_decides(policy, question, told);
  return told;
}

std::string explanation_json(const Question& question, const Explanation& told) {
  json::object object;
  object["from"] = question.from.text();
  object["to"] = question.to.text();
  object["mptcp"] = question.mptcp;
  if (question.domain) object["domain"] = question.domain->text();
  if (question.method) object["request"] = flow::safe_text(*question.method + " " + question.path, {});
  object["disposition"] = disposition(told);
  if (!told.not_intercepted.empty()) object["not_intercepted"] = told.not_intercepted;
  object["syn"] = {{"path", policy::name(told.path)}, {"by", told.syn_by}, {"steps", steps(told.syn)}};
  if (told.reaches_weir) object["flow"] = flow_object(told);
  return json::serialize(object) + "\n";
}

}  // namespace weir::admin
