#include "proxy/session/classify.hpp"

#include <cerrno>

#include <sys/socket.h>

#include "proxy/session/first_look.hpp"
#include "proxy/session/flow.hpp"
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

// For what has begun as TLS or HTTP to come whole.
constexpr std::chrono::seconds kPatience{10};

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

enum class Looked : std::uint8_t { enough, nothing, failed, stopped, too_slow };

// Until it is known what the client speaks, or that it will not say so.
net::Awaitable<Looked> look(Flow& flow) {
  flow.first_look = std::make_unique<FirstLook>();
  flow.worker.await_deadline(flow, flow.worker.snapshot().settings.gateway.peek_timeout);
  bool patient = false;
  while (flow.first_look->detector().protocol() == Protocol::need_more && !flow.first_look->is_full()) {
    const auto read = read_some(flow);
    if (read == Read::end) co_return Looked::nothing;
    if (read == Read::failed) co_return Looked::failed;
    if (read == Read::more && !patient && flow.first_look->detector().has_begun()) {
      patient = true;
      extend(flow, kPatience);
    }
    if (read != Read::wait) continue;
    co_await flow.waiter.wait();
    if (!flow.stopped) continue;
    if (*flow.stopped != Code::timeout) co_return Looked::stopped;
    flow.stopped.reset();
    co_return patient ? Looked::too_slow : Looked::nothing;
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
net::Awaitable<std::optional<End>> learn_more(Flow& flow, policy::Facts& facts) {
  const auto looked = co_await look(flow);
  flow.DeadlineHook::unlink();
  if (looked == Looked::failed) co_return client_failed(flow);
  if (looked == Looked::stopped) co_return End{Stage::classify, Side::weir, *flow.stopped, {}};
  if (looked == Looked::too_slow) co_return End{Stage::classify, Side::client, Code::timeout, {}};
  const auto& detector = flow.first_look->detector();
  note_names(flow.record, detector);
  if (detector.protocol() == Protocol::malformed || flow.first_look->is_full())
    co_return co_await refuse_malformed(flow);
  flow.first_look->add_to(facts);
  if (!facts.encrypted) facts.nothing_more();
  co_return std::nullopt;
}

}  // namespace

net::Awaitable<std::optional<End>> decide(Flow& flow, policy::Decision& decision) {
  const auto snapshot = flow.worker.shared_snapshot();  // the walk ends on the policy it began on
  auto facts = facts_of(flow);
  auto outcome = policy::decide(snapshot->policy, facts);
  if (outcome.state == State::needs_more) {
    if (auto end = co_await learn_more(flow, facts)) co_return end;
    outcome = policy::decide(snapshot->policy, facts);
  }
  if (outcome.state == State::needs_decryption) {
    // It is decrypted. Requests inside TLS are not read yet, so what that rule asks for is not to be had, and those
    // below it decide the rest.
    facts.request = policy::Fact<policy::HttpRequest>::absent();
    outcome = policy::decide(snapshot->policy, facts);
    outcome.decision.tls = policy::Tls::decrypt;
  }
  decision = outcome.decision;
  if (decision.tls == policy::Tls::decrypt && !flow.first_look)
    if (auto end = co_await learn_more(flow, facts)) co_return end;
  flow.record.rule = policy::entry_name(snapshot->policy, decision.source, decision.index);
  if (!flow.record.domain.empty()) flow.worker.report_name(flow, decision.action != policy::Action::allow);
  co_return std::nullopt;
}

}  // namespace weir::session
