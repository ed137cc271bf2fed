#include "proxy/session/classify.hpp"

#include <cerrno>

#include <sys/socket.h>

#include "proxy/session/first_look.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/inspect.hpp"
#include "proxy/session/refuse.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using detect::Protocol;
using flow::Code;
using flow::End;
using flow::Side;
using flow::Stage;
using State = policy::Outcome::State;

policy::Facts facts_of(Flow& flow) {
  policy::Facts facts{
      .client = flow.record.client.address, .destination = flow.record.destination, .transport = flow.record.transport};
  if (flow.first_look) flow.first_look->add_to(facts);
  return facts;
}

enum class Read : std::uint8_t { more, wait, end, failed };

Read read_some(Flow& flow) {
  if (!flow.client.readable) return Read::wait;
  const auto scratch = flow.worker.resources().scratch();
  const auto count = recv(flow.client.fd(), scratch.data(), scratch.size(), 0);
  if (count > 0) {
    const auto size = static_cast<std::size_t>(count);
    flow.first_look->take(scratch.first(size));
    if (size < scratch.size() && !flow.client.read_to_end) flow.client.readable = false;
    return Read::more;
  }
  if (count == 0) return Read::end;
  if (errno != EAGAIN && errno != EINTR) return Read::failed;
  flow.client.readable = false;
  return Read::wait;
}

void extend(Flow& flow, std::chrono::milliseconds patience) {
  flow.DeadlineHook::unlink();
  flow.worker.await_deadline(flow, patience);
}

enum class Looked : std::uint8_t { enough, ended, silent, failed, stopped, too_slow };

// Until it is known what the client speaks, or that it will not say so.
net::Awaitable<Looked> look(Flow& flow) {
  flow.first_look = std::make_unique<FirstLook>();
  flow.worker.await_deadline(flow, flow.worker.snapshot().settings.gateway.peek_timeout);
  bool patient = false;
  while (flow.first_look->detector().protocol() == Protocol::need_more && !flow.first_look->is_full()) {
    const auto read = read_some(flow);
    if (read == Read::end) co_return Looked::ended;
    if (read == Read::failed) co_return Looked::failed;
    if (read == Read::more && !patient && flow.first_look->detector().has_begun()) {
      patient = true;
      // What has begun as TLS or HTTP is to come whole.
      extend(flow, flow.worker.snapshot().settings.http.header_timeout);
    }
    if (read != Read::wait) continue;
    co_await flow.waiter.wait();
    if (!flow.stopped) continue;
    if (*flow.stopped != Code::timeout) co_return Looked::stopped;
    flow.stopped.reset();
    co_return patient ? Looked::too_slow : Looked::silent;
  }
  co_return Looked::enough;
}

End client_failed(const Flow& flow) {
  int code = 0;
  socklen_t length = sizeof code;
  getsockopt(flow.client.fd(), SOL_SOCKET, SO_ERROR, &code, &length);
  const std::error_code error(code != 0 ? code : ECONNRESET, std::system_category());
  return {Stage::classify, Side::client, flow::code_of(error), error};
}

// Its first bytes are looked at; what they tell is on record, and added to the facts.
net::Awaitable<std::optional<End>> learn_more(Flow& flow, policy::Facts& facts, bool& is_silent) {
  if (auto place = flow.worker.handshakes().take(flow.record.client.address))
    flow.handshake_place.emplace(std::move(*place));
  else
    co_return End{Stage::classify, Side::client, Code::limit, {}};
  const auto looked = co_await look(flow);
  flow.DeadlineHook::unlink();
  is_silent = looked == Looked::silent;
  if (looked == Looked::failed) co_return client_failed(flow);
  if (looked == Looked::stopped) co_return End{Stage::classify, Side::weir, *flow.stopped, {}};
  if (looked == Looked::too_slow && !is_http(flow)) co_return End{Stage::classify, Side::client, Code::timeout, {}};
  const auto& detector = flow.first_look->detector();
  if (is_http(flow)) co_return std::nullopt;
  note_names(flow.record, detector);
  if (detector.protocol() == Protocol::malformed || flow.first_look->is_full())
    co_return co_await refuse_malformed(flow);
  flow.first_look->add_to(facts);
  if (facts.domain.is_known())
    facts.name_confirmed = flow.worker.name_seen_at(*facts.domain, flow.record.destination.address);
  else if (!facts.domain.is_unknown())
    facts.name_confirmed = policy::Fact<bool>::absent();
  if (!facts.encrypted) facts.nothing_more();
  co_return std::nullopt;
}

// Whether plain HTTP is read, request by request: it is judged by more than addresses, changed, put on record, or told
// why it is blocked.
bool reads_plain(const Flow& flow, const policy::Policy& policy, const policy::Outcome& outcome) {
  const auto& decision = outcome.decision;
  if (outcome.state == State::needs_more || wants_plain_requests(flow)) return true;
  if (decision.action != policy::Action::allow) return decision.action == policy::Action::block;
  const bool bypassed = decision.source == policy::Source::bypass || decision.source == policy::Source::run_time_bypass;
  return policy.reads_requests() && !bypassed;
}

// Where the request is to be seen only after decryption, the flow is decrypted; what would be of it unread is what the
// rules below say.
Decided settle(const policy::Policy& policy, policy::Facts& facts, const policy::Outcome& outcome) {
  if (outcome.state != State::needs_decryption) return {outcome.decision, outcome.decision};
  facts.request = policy::Fact<policy::HttpRequest>::absent();
  const auto unread = policy::decide(policy, facts).decision;
  auto decision = unread;
  decision.action = policy::Action::allow;
  decision.tls = policy::Tls::decrypt;
  return {decision, unread};
}

}  // namespace

bool is_http(const Flow& flow) { return flow.first_look && is_http(*flow.first_look); }

bool is_http(const FirstLook& look) {
  constexpr std::uint8_t kTlsHandshake = 22;  // a record's type (RFC 8446, 5.1)
  const auto& detector = look.detector();
  const auto protocol = detector.protocol();
  if (protocol == Protocol::need_more) return detector.has_begun() && look.bytes().front() != kTlsHandshake;
  return protocol == Protocol::http1 || protocol == Protocol::http2 ||
         (protocol == Protocol::malformed && !detector.refusal());
}

Way way_of(const Flow& flow, const Decided& decided) {
  const auto& decision = decided.decision;
  if (decided.reads_http) return Way::inspect;
  if (decision.action != policy::Action::allow) return Way::refuse;
  const bool decrypts = decision.tls == policy::Tls::decrypt && flow.worker.tls_sides() != nullptr && !is_http(flow);
  return decrypts ? Way::decrypt : Way::unread;
}

net::Awaitable<std::optional<End>> decide(Flow& flow, Decided& decided) {
  const auto snapshot = flow.worker.shared_snapshot();  // the walk ends on the policy it began on
  auto facts = facts_of(flow);
  auto outcome = policy::decide(snapshot->policy, facts);
  bool is_silent = false;
  decided.reads_http = reads_plain(flow, snapshot->policy, outcome);
  if (decided.reads_http || outcome.decision.tls == policy::Tls::decrypt) {
    if (auto end = co_await learn_more(flow, facts, is_silent)) co_return end;
    decided.reads_http = decided.reads_http && is_http(flow);
    if (decided.reads_http) co_return std::nullopt;  // each of its requests is judged by itself
    if (!is_http(flow)) outcome = policy::decide(snapshot->policy, facts);
  }
  decided = settle(snapshot->policy, facts, outcome);
  decided.is_silent = is_silent;
  const auto& decision = decided.decision;
  flow.record.rule = policy::entry_name(snapshot->policy, decision.source, decision.index);
  if (const auto name = policy::DomainName::parse(flow.record.domain))
    flow.worker.report_name(flow, *name, decision.action != policy::Action::allow);
  co_return std::nullopt;
}

}  // namespace weir::session
