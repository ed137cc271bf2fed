#include "proxy/admin/explain.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

namespace weir::admin {
namespace {

namespace json = boost::json;
using Parsed = boost::system::result<Question, std::string>;
using policy::Fact;
using policy::OnSyn;
using State = policy::Outcome::State;

constexpr std::uint16_t kHttps = 443;

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
  if (name == "mptcp") {
    question.mptcp = value != "false";
    return value == "true" || value == "false" ? std::nullopt : std::optional<std::string>("mptcp is true or false");
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
  if (name == "path") return question.path = value.substr(0, value.find('?')), std::nullopt;
  return "a flow is told by from, to, mptcp, interface, domain, alpn, method, path and header";
}

bool is_encrypted(const Question& question) { return question.to.port == kHttps || !question.alpn.empty(); }

// What has been found out of the flow once its first bytes came.
void add_names(const Question& question, policy::Facts& facts) {
  if (question.domain) facts.domain = *question.domain;
  facts.encrypted = is_encrypted(question);
  if (!question.alpn.empty())
    facts.alpn = std::span<const std::string>(question.alpn);
  else if (question.domain || question.method)
    facts.alpn = Fact<std::span<const std::string>>::absent();
  if (question.method && !question.domain) facts.domain = Fact<policy::DomainName>::absent();
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

bool is_plain_request(const Question& question) { return question.method && !is_encrypted(question); }

// The word of records and metrics for what becomes of the flow.
std::string disposition(const Question& question, const Explanation& explanation) {
  if (!explanation.reaches_weir) return explanation.path == OnSyn::direct ? "direct" : "reset";
  if (explanation.outcome.state == State::needs_more) return "unknown";
  if (explanation.outcome.state == State::needs_decryption) return "decrypt";  // the rule's action is the request's
  const auto& decision = explanation.outcome.decision;
  if (decision.action != policy::Action::allow) return policy::name(decision.action);
  const bool decrypts = explanation.decrypted || decision.tls == policy::Tls::decrypt;
  return decrypts && !is_plain_request(question) ? "decrypt" : "splice";
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
  return question;
}

Explanation explain(const policy::Policy& policy, const Question& question, std::vector<policy::LearnedFor> learned) {
  Explanation told;
  const auto syn =
      policy::decide_on_syn(policy,
                            {.client = question.from,
                             .destination = question.to,
                             .transport = question.mptcp ? policy::Transport::mptcp : policy::Transport::tcp,
                             .interface = question.interface,
                             .learned = std::move(learned)},
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
  std::vector<policy::HeaderField> fields;
  for (const auto& [name, value] : question.headers) fields.push_back({name, value});
  const auto request = question.method ? Fact<policy::HttpRequest>({*question.method, question.path, fields})
                                       : Fact<policy::HttpRequest>();
  if (!facts.encrypted) facts.request = request;
  told.outcome = policy::decide(policy, facts, &told.flow);
  told.decrypted = told.outcome.state == State::needs_decryption;
  if (told.decrypted && question.method) {
    told.flow.clear();
    facts.request = request;
    told.outcome = policy::decide(policy, facts, &told.flow);
  }
  const auto& decision = told.outcome.decision;
  const auto name = entry_name(policy, decision.source, decision.index);
  told.flow_by = decision.source == policy::Source::rule ? "rule " + name : name;
  return told;
}

std::string explanation_json(const Question& question, const Explanation& told) {
  json::object object;
  object["from"] = question.from.text();
  object["to"] = question.to.text();
  object["mptcp"] = question.mptcp;
  if (question.domain) object["domain"] = question.domain->text();
  if (question.method) object["request"] = *question.method + " " + question.path;
  object["disposition"] = disposition(question, told);
  object["syn"] = {{"path", policy::name(told.path)}, {"by", told.syn_by}, {"steps", steps(told.syn)}};
  if (told.reaches_weir) {
    const bool decided = told.outcome.state != State::needs_more;
    json::object flow{{"decided", decided}, {"by", told.flow_by}, {"steps", steps(told.flow)}};
    if (decided) {
      if (told.outcome.state == State::decided) flow["action"] = policy::name(told.outcome.decision.action);
      flow["tls"] = policy::name(told.outcome.decision.tls);
      flow["asks_for_request"] = told.decrypted;
    }
    object["flow"] = std::move(flow);
  }
  return json::serialize(object) + "\n";
}

}  // namespace weir::admin
