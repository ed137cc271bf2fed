#include "proxy/session/http_judge.hpp"

#include "policy/normal_path.hpp"
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

constexpr unsigned kMisdirected = 421;
constexpr std::chrono::seconds kStays{2};  // an HTTP/2 client that was shown the page
constexpr std::string_view kFronting =
    "The request is for another name than the connection was made for, which this network does not let pass.";

Fact<DomainName> name_or_none(const std::optional<DomainName>& name) {
  return name ? Fact<DomainName>(*name) : Fact<DomainName>::absent();
}

// As records have it. (Its owners outlive the whole expression it is asked for in.)
std::string_view shown_name(const std::optional<DomainName>& name, const std::string& authority) {
  return name ? name->text() : authority;
}

Verdict verdict_of(policy::Action action) {
  switch (action) {
    case policy::Action::allow: break;
    case policy::Action::block: return {.kind = Verdict::Kind::refuse, .status = kForbidden, .reason = kByPolicy};
    case policy::Action::reset: return {.kind = Verdict::Kind::reset};
  }
  return {};
}

// The policy stays with a transaction only where that needs it: the pointer's count is one for all workers.
void take(Transaction& transaction, const Worker& worker, const Decision& decision) {
  const auto& policy = worker.snapshot().policy;
  transaction.rule = policy::entry_name(policy, decision.source, decision.index);
  if (decision.source != policy::Source::rule) return;
  const auto& rule = policy.rules->entries[decision.index];
  if (rule.edits.empty()) return;
  transaction.edits = &rule.edits;
  transaction.policy = worker.shared_snapshot();
}

}  // namespace

HttpJudge::HttpJudge(Flow& flow)
    : flow_(flow),
      facts_{.client = flow.record.client.address,
             .destination = flow.record.destination,
             .transport = flow.record.transport} {
  using Alpn = Fact<std::span<const std::string>>;
  const auto& offered = flow.record.alpn_offered;
  facts_.alpn = offered.empty() ? Alpn::absent() : Alpn(std::span<const std::string>(offered));
  if (flow.record.tls) asked_ = DomainName::parse(flow.record.domain);
}

Verdict HttpJudge::judge(Transaction& transaction) {
  take_names(transaction.request.authority);
  take_request(transaction);
  const auto& snapshot = flow_.worker.snapshot();
  transaction.fronting = asked_ && host_ && *asked_ != *host_;
  const auto decision = transaction.fronting ? decide_by_both(snapshot.policy) : decide(snapshot.policy);
  if (facts_.name_confirmed.is_known()) transaction.name_confirmed = *facts_.name_confirmed;
  take(transaction, flow_.worker, decision);
  auto verdict = verdict_of(decision.action);
  const bool blocks_fronting = snapshot.settings.http.domain_fronting == conf::DomainFronting::block;
  const bool refused = transaction.fronting && blocks_fronting && verdict.kind == Verdict::Kind::allow;
  if (refused) {
    transaction.cause = "domain_fronting";
    verdict = {.kind = Verdict::Kind::refuse, .status = kMisdirected, .reason = kFronting};
  }
  note(transaction, verdict.kind);
  return verdict;
}

// Requests of a connection are mostly for one name, which is read once.
void HttpJudge::take_names(const std::string& authority) {
  if (std::exchange(knows_names_, true) && authority == authority_) return;
  authority_ = authority;
  host_ = DomainName::parse_host(authority);
  facts_.domain = name_or_none(asked_ ? asked_ : host_);
}

void HttpJudge::take_request(const Transaction& transaction) {
  const auto& request = transaction.request;
  fields_.clear();
  for (std::size_t i = 0; i < request.fields.size(); ++i) fields_.push_back(request.fields[i]);
  if (!request.authority.empty()) fields_.push_back({"host", request.authority});
  // A WebSocket of HTTP/2 (RFC 8441) is one to a rule, as that of HTTP/1 is.
  if (!request.protocol.empty()) fields_.push_back({"upgrade", request.protocol});
  if (!request.upgrade.empty()) fields_.push_back({"upgrade", request.upgrade});
  facts_.request = policy::HttpRequest{request.method, policy::normal_path(request.path(), path_), fields_};
}

// By the name that the facts have.
Decision HttpJudge::decide(const policy::Policy& policy) {
  facts_.name_confirmed = confirmed(policy);
  return policy::decide(policy, facts_).decision;
}

// By the connection's name and by the request's: what either does not let pass does not pass.
Decision HttpJudge::decide_by_both(const policy::Policy& policy) {
  const auto first = decide(policy);
  if (first.action != policy::Action::allow) return first;
  facts_.domain = name_or_none(host_);
  const auto second = decide(policy);
  facts_.domain = name_or_none(asked_);
  return second.action != policy::Action::allow || second.source == policy::Source::rule ? second : first;
}

// By the origin's certificate, which was found to be trusted, or by what was resolved.
Fact<bool> HttpJudge::confirmed(const policy::Policy& policy) {
  const auto& name = facts_.domain;
  if (!policy.asks_for_confirmed_names() || !name.is_known()) return Fact<bool>::absent();
  if (flow_.opening && flow_.opening->origin_is(name->text())) return true;
  return flow_.worker.name_seen_at(*name, flow_.record.destination.address);
}

// Plain HTTP has its name and its rule by the first request; a flow of which nothing was let through is a blocked one.
void HttpJudge::note(const Transaction& transaction, Verdict::Kind kind) {
  using flow::Disposition;
  auto& record = flow_.record;
  if (std::exchange(is_first_, false)) {
    if (record.rule.empty()) record.rule = transaction.rule;
    if (record.domain.empty()) record.domain = shown_name(host_, authority_);
  }
  let_through_ = let_through_ || kind == Verdict::Kind::allow;
  if (let_through_)
    record.disposition = record.tls ? Disposition::decrypt : Disposition::inspect;
  else
    record.disposition = kind == Verdict::Kind::reset ? Disposition::reset : Disposition::block;
  if (transaction.fronting) flow_.worker.count().domain_fronting.add();
  if (host_) flow_.worker.report_name(flow_, *host_, kind != Verdict::Kind::allow);
}

void HttpJudge::note_end(const Transaction& transaction) {
  const auto& authority = transaction.request.authority;
  if (authority != authority_)  // another stream's was judged since
    return put_on_record(flow_, transaction, shown_name(DomainName::parse_host(authority), authority));
  put_on_record(flow_, transaction, shown_name(host_, authority_));
}

Verdict HttpRefuser::judge(Transaction& transaction) {
  transaction.rule = flow_.record.rule;
  transaction.cause = cause_;
  if (!conversation_->client().speaks_http2()) conversation_->client().go_away(http::ErrorCode::no_error);
  return {.kind = Verdict::Kind::refuse, .status = status_, .reason = reason_};
}

// GOAWAY is not sent with the page: there are clients that hear nothing behind it. The connection ends soon all the
// same.
void HttpRefuser::note_end(const Transaction& transaction) {
  const auto& authority = transaction.request.authority;
  put_on_record(flow_, transaction, shown_name(DomainName::parse_host(authority), authority));
  if (!conversation_->client().speaks_http2()) return;
  flow_.DeadlineHook::unlink();
  flow_.worker.await_deadline(flow_, kStays);
}

}  // namespace weir::session
