#include "proxy/session/http_judge.hpp"

#include "proxy/session/flow.hpp"
#include "proxy/session/opening.hpp"
#include "proxy/session/request_log.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using http::Transaction;
using http::Verdict;
using policy::Decision;
using policy::DomainName;
using policy::Fact;

constexpr unsigned kForbidden = 403;
constexpr unsigned kMisdirected = 421;
constexpr std::chrono::seconds kStays{2};  // an HTTP/2 client that was shown the page
constexpr std::string_view kByPolicy = "A rule of this network says that it is not to be had from here.";
constexpr std::string_view kFronting =
    "The request is for another name than the connection was made for, which this network does not let pass.";

Fact<DomainName> name_or_none(std::optional<DomainName> name) {
  return name ? Fact<DomainName>(std::move(*name)) : Fact<DomainName>::absent();
}

Verdict verdict_of(policy::Action action) {
  switch (action) {
    case policy::Action::allow: break;
    case policy::Action::block: return {.kind = Verdict::Kind::refuse, .status = kForbidden, .reason = kByPolicy};
    case policy::Action::reset: return {.kind = Verdict::Kind::reset};
  }
  return {};
}

void take(Transaction& transaction, const SnapshotPointer& snapshot, const Decision& decision) {
  transaction.rule = policy::entry_name(snapshot->policy, decision.source, decision.index);
  if (decision.source != policy::Source::rule) return;
  const auto& rule = snapshot->policy.rules->entries[decision.index];
  if (rule.edits.empty()) return;
  transaction.edits = &rule.edits;
  transaction.policy = snapshot;
}

}  // namespace

Verdict HttpJudge::judge(Transaction& transaction) {
  const auto snapshot = flow_.worker.shared_snapshot();
  const auto& policy = snapshot->policy;
  auto host = DomainName::parse_host(transaction.request.authority);
  const auto asked = flow_.record.tls ? DomainName::parse(flow_.record.domain) : std::nullopt;
  transaction.fronting = asked && host && *asked != *host;
  if (transaction.fronting) flow_.worker.count().domain_fronting.add();
  auto facts = facts_of(transaction);
  facts.domain = name_or_none(asked ? asked : host);
  facts.name_confirmed = confirmed(policy, facts.domain);
  auto decision = policy::decide(policy, facts).decision;
  if (transaction.fronting && decision.action == policy::Action::allow) {
    // The name of the connection and that of the request are each judged; what either does not let pass does not pass.
    facts.domain = name_or_none(host);
    facts.name_confirmed = confirmed(policy, facts.domain);
    const auto second = policy::decide(policy, facts).decision;
    if (second.action != policy::Action::allow || second.source == policy::Source::rule) decision = second;
  }
  if (facts.name_confirmed.is_known()) transaction.name_confirmed = *facts.name_confirmed;
  take(transaction, snapshot, decision);
  note_first(transaction, host);
  auto verdict = verdict_of(decision.action);
  if (transaction.fronting && verdict.kind == Verdict::Kind::allow &&
      snapshot->settings.http.domain_fronting == conf::DomainFronting::block)
    verdict = {.kind = Verdict::Kind::refuse, .status = kMisdirected, .reason = kFronting};
  let_through_ = let_through_ || verdict.kind == Verdict::Kind::allow;
  if (!let_through_)
    flow_.record.disposition =
        verdict.kind == Verdict::Kind::reset ? flow::Disposition::reset : flow::Disposition::block;
  else if (!flow_.record.tls)
    flow_.record.disposition = flow::Disposition::inspect;
  else
    flow_.record.disposition = flow::Disposition::decrypt;
  if (host) flow_.worker.report_name(flow_, *host, verdict.kind != Verdict::Kind::allow);
  return verdict;
}

policy::Facts HttpJudge::facts_of(const Transaction& transaction) {
  const auto& request = transaction.request;
  policy::Facts facts{.client = flow_.record.client.address,
                      .destination = flow_.record.destination,
                      .transport = flow_.record.transport};
  fields_.clear();
  for (std::size_t i = 0; i < request.fields.size(); ++i) fields_.push_back(request.fields[i]);
  if (!request.authority.empty()) fields_.push_back({"host", request.authority});
  // A WebSocket of HTTP/2 (RFC 8441) is one to a rule, as that of HTTP/1 is.
  if (!request.protocol.empty()) fields_.push_back({"upgrade", request.protocol});
  if (!request.upgrade.empty()) fields_.push_back({"upgrade", request.upgrade});
  facts.request = policy::HttpRequest{request.method, request.path(), fields_};
  using Alpn = Fact<std::span<const std::string>>;
  const auto& offered = flow_.record.alpn_offered;
  facts.alpn = offered.empty() ? Alpn::absent() : Alpn(std::span<const std::string>(offered));
  return facts;
}

// By the origin's certificate, which was found to be trusted, or by what was resolved.
Fact<bool> HttpJudge::confirmed(const policy::Policy& policy, const Fact<DomainName>& name) {
  if (!policy.asks_for_confirmed_names() || !name.is_known()) return Fact<bool>::absent();
  if (flow_.opening && flow_.opening->origin_is(name->text())) return true;
  return flow_.worker.name_seen_at(*name, flow_.record.destination.address);
}

// Plain HTTP has its name and its rule by the first request.
void HttpJudge::note_first(const Transaction& transaction, const std::optional<DomainName>& host) {
  if (flow_.record.requests > 0 || std::exchange(noted_, true)) return;
  if (flow_.record.rule.empty()) flow_.record.rule = transaction.rule;
  if (flow_.record.domain.empty()) flow_.record.domain = host ? host->text() : transaction.request.authority;
}

void HttpJudge::note_end(const Transaction& transaction) { put_on_record(flow_, transaction); }

Verdict HttpRefuser::judge(Transaction& transaction) {
  transaction.rule = flow_.record.rule;
  if (!conversation_->client().speaks_http2()) conversation_->client().go_away(http::ErrorCode::no_error);
  return {.kind = Verdict::Kind::refuse, .status = status_, .reason = reason_};
}

// GOAWAY is not sent with the page: there are clients that hear nothing behind it. The connection ends soon all the
// same.
void HttpRefuser::note_end(const Transaction& transaction) {
  put_on_record(flow_, transaction);
  if (!conversation_->client().speaks_http2()) return;
  flow_.DeadlineHook::unlink();
  flow_.worker.await_deadline(flow_, kStays);
}

}  // namespace weir::session
