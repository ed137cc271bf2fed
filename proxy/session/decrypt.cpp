#include "proxy/session/decrypt.hpp"

#include "proxy/session/carry.hpp"
#include "proxy/session/classify.hpp"
#include "proxy/session/dial.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/inspect.hpp"
#include "proxy/session/learn_exception.hpp"
#include "proxy/session/opening.hpp"
#include "proxy/session/refuse.hpp"
#include "proxy/session/shake_hands.hpp"
#include "proxy/session/within_tls.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using detect::Protocol;
using flow::Code;
using flow::End;
using flow::Side;
using flow::Stage;
using flow::TlsCause;
using tls::Alert;
using Kind = tls::Failure::Kind;

constexpr std::uint8_t kProtocolVersion = 70;  // RFC 8446, 6
constexpr unsigned kBadGateway = 502;

// Why it is known before the origin is asked that this flow is not to be decrypted.
std::optional<TlsCause> cause_known_beforehand(const Flow& flow) {
  const auto& detector = flow.first_look->detector();
  if (detector.protocol() != Protocol::tls) return TlsCause::not_tls;
  const auto minimum = flow.worker.snapshot().settings.tls.minimum_version;
  const auto least = minimum == conf::TlsVersion::tls13 ? tls::Version::tls1_3 : tls::Version::tls1_2;
  if (detector.hello().highest_version().value_or(tls::Version::ssl3_0) < least) return TlsCause::protocol;
  return known_exception(flow);
}

// The client has not been answered yet: it can still speak with the origin itself.
net::Awaitable<End> go_on_unread(Flow& flow) {
  flow.record.disposition = flow::Disposition::splice;
  if (flow.opening->has_begun_upstream()) {
    flow.opening->drop_upstream();
    flow.upstream.close();
  }
  flow.DeadlineHook::unlink();
  if (!flow.upstream.is_open())
    if (const auto failed = co_await dial(flow)) co_return *failed;
  co_return co_await relay_unread(flow);
}

net::Awaitable<End> do_not_decrypt(Flow& flow, TlsCause cause) {
  flow.opening->note_not_decrypted(cause);
  auto unread = flow.opening->unread();
  unread.tls = policy::Tls::passthrough;
  if (unread.action != policy::Action::allow) co_return co_await refuse_blocked(flow, unread);
  if (instead_of_decrypting(flow, cause) == conf::Instead::passthrough) co_return co_await go_on_unread(flow);
  flow.record.disposition = flow::Disposition::block;
  const End end{Stage::handshake, Side::weir, Code::undecryptable, {}};
  if (flow.first_look->detector().protocol() != Protocol::tls) co_return end;
  const auto alert = cause == TlsCause::protocol ? Alert::protocol_version : Alert::access_denied;
  co_return co_await refuse_with_alert(flow, alert, end);
}

// What the origin's failure is to the client: its own alert, a reset for a reset, and handshake_failure else.
net::Awaitable<End> upstream_failed(Flow& flow, Handshake how) {
  flow.worker.count().tls_handshake_failed[static_cast<std::size_t>(Side::upstream)].add();
  if (how == Handshake::client_gone) co_return End{Stage::handshake, Side::client, Code::reset, {}};
  if (how == Handshake::stopped) {
    const auto side = *flow.stopped == Code::timeout ? Side::upstream : Side::weir;
    co_return End{Stage::handshake, side, *flow.stopped, {}};
  }
  const auto failure = flow.opening->upstream().failure();
  if (failure.kind == Kind::version || failure.alert == kProtocolVersion) {
    learn_exception(flow, TlsCause::protocol);
    co_return co_await do_not_decrypt(flow, TlsCause::protocol);
  }
  flow.opening->note_detail("origin: " + failure.text);
  if (failure.kind == Kind::closed) co_return End{Stage::handshake, Side::upstream, Code::reset, {}};
  if (failure.kind == Kind::socket)
    co_return End{Stage::handshake, Side::upstream, flow::code_of(failure.error), failure.error};
  const auto alert = failure.alert ? static_cast<Alert>(*failure.alert) : Alert::handshake_failure;
  const End end{Stage::handshake, Side::upstream, Code::tls, failure.error};
  co_return co_await refuse_with_alert(flow, alert, end);
}

std::string reason_of(const pki::Verdict& verdict) {
  std::string reason;
  for (const auto fault : verdict.faults) {
    if (!reason.empty()) reason += ' ';
    reason += pki::sentence(fault);
  }
  return reason + " (" + verdict.detail + ")";
}

// Nothing of the origin's passes.
net::Awaitable<End> refuse_untrusted(Flow& flow) {
  const auto reason = reason_of(flow.opening->upstream().verdict());
  flow.opening->drop_upstream();
  flow.upstream.close();
  const End end{Stage::handshake, Side::upstream, Code::untrusted, {}};
  co_return co_await refuse_within_tls(flow, kBadGateway, reason, end);
}

// The client was answered, and is gone before the origin was: its last words are heard, for a refusal is to be learned.
End client_is_gone(Flow& flow) {
  if (flow.opening->client().handshake() == tls::Connection::Progress::failed) return client_handshake_failed(flow);
  note_silent_close(flow);
  return {Stage::handshake, Side::client, Code::reset, {}};
}

// The client was answered by what a session of the origin's told, and the origin is another now. It can be told no
// more; when it tries again, as clients do after a reset, nothing is taken for granted.
End origin_has_changed(Flow& flow, Handshake upstream) {
  if (upstream == Handshake::client_gone) return client_is_gone(flow);
  auto& opening = *flow.opening;
  opening.forget_origin();
  const auto& failure = opening.upstream().failure();
  if (upstream == Handshake::wants_certificate) learn_exception(flow, TlsCause::client_certificate);
  if (upstream == Handshake::failed && (failure.kind == Kind::version || failure.alert == kProtocolVersion))
    learn_exception(flow, TlsCause::protocol);
  flow.worker.count().tls_handshake_failed[static_cast<std::size_t>(Side::upstream)].add();
  if (upstream == Handshake::stopped) return {Stage::handshake, Side::upstream, *flow.stopped, {}};
  opening.note_detail("origin: not what it was before" + (upstream == Handshake::failed ? ": " + failure.text : "") +
                      "; the client is to try again");
  return {Stage::handshake, Side::upstream, Code::tls, failure.error};
}

// HTTP is read; any other protocol that both agreed on, or speak without saying so, goes by as it is. Whether it is
// read.
net::Awaitable<bool> begin_exchange(Flow& flow) {
  auto& opening = *flow.opening;
  FirstLook look;
  auto protocol = opening.agreed_on();
  if (protocol == Protocol::need_more) protocol = co_await look_within_tls(flow, look);
  if (protocol == Protocol::opaque)
    opening.begin_relay(look.bytes());
  else
    opening.begin_messages(protocol == Protocol::http2, look.bytes());
  co_return protocol != Protocol::opaque;
}

net::Awaitable<End> relay_opened(Flow& flow) {
  const bool is_read = co_await begin_exchange(flow);  // (by itself: g++ 12 destroys an awaited condition twice)
  if (is_read) co_return co_await carry_messages(flow);
  co_return co_await carry(flow);
}

net::Awaitable<End> relay_decrypted(Flow& flow) {
  auto& opening = *flow.opening;
  if (co_await shake_hands(flow, opening.client()) != Handshake::done) co_return client_handshake_failed(flow);
  opening.take_client();
  flow.DeadlineHook::unlink();
  if (!opening.client().link().has_first()) flow.first_look.reset();
  const auto end = co_await relay_opened(flow);
  // The end names a side only where it was out of order, and an origin may answer the client's by an alert.
  const bool client_left = opening.left_first().value_or(end.side) == Side::client;
  if (client_left && flow.relay->bytes_from_client() == 0) note_silent_close(flow);
  co_return end;
}

net::Awaitable<End> answer_client(Flow& flow, Opening::Leaf leaf) {
  if (flow.opening->begin_client(leaf)) co_return co_await relay_decrypted(flow);
  const End end{Stage::handshake, Side::weir, Code::tls, {}};
  co_return co_await refuse_with_alert(flow, Alert::handshake_failure, end);
}

}  // namespace

net::Awaitable<End> decrypt(Flow& flow, const policy::Decision& unread) {
  flow.opening = std::make_unique<Opening>(flow);
  auto& opening = *flow.opening;
  opening.note_unread(unread);
  if (const auto cause = cause_known_beforehand(flow)) co_return co_await do_not_decrypt(flow, *cause);
  flow.record.disposition = flow::Disposition::decrypt;
  if (opening.begin_client_early()) opening.client().handshake();  // its first flight goes out now
  if (const auto failed = co_await dial(flow))
    co_return opening.has_answered_early() && failed->side == Side::client ? client_is_gone(flow) : *failed;
  opening.begin_upstream();
  const auto upstream = co_await shake_hands(flow, opening.upstream());
  if (opening.has_answered_early()) {
    const bool goes_on = upstream == Handshake::done && opening.take_upstream() && opening.is_as_expected();
    if (!goes_on) co_return origin_has_changed(flow, upstream);
    co_return co_await relay_decrypted(flow);
  }
  if (upstream == Handshake::wants_certificate) {
    learn_exception(flow, TlsCause::client_certificate);
    co_return co_await do_not_decrypt(flow, TlsCause::client_certificate);
  }
  if (upstream != Handshake::done) co_return co_await upstream_failed(flow, upstream);
  if (!opening.take_upstream()) {
    opening.note_detail("origin: it chose a protocol (ALPN) that was not offered");
    const End end{Stage::handshake, Side::upstream, Code::tls, {}};
    co_return co_await refuse_with_alert(flow, Alert::handshake_failure, end);
  }
  if (opening.is_trusted()) co_return co_await answer_client(flow, Opening::Leaf::matching);
  flow.worker.count().tls_untrusted.add();
  flow.worker.report_untrusted(opening.parties(), reason_of(opening.upstream().verdict()));
  if (flow.worker.snapshot().settings.tls.on_untrusted_upstream == conf::OnUntrusted::block)
    co_return co_await refuse_untrusted(flow);
  co_return co_await answer_client(flow, Opening::Leaf::mirroring);
}

}  // namespace weir::session
