#include "proxy/session/shake_hands.hpp"

#include <algorithm>
#include <array>

#include "proxy/session/flow.hpp"
#include "proxy/session/learn_exception.hpp"
#include "proxy/session/opening.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using flow::Code;
using flow::End;
using flow::Side;
using flow::Stage;
using Kind = tls::Failure::Kind;

// RFC 8446, 6.2: what is said of a certificate that is not taken. access_denied and the like are not.
constexpr std::array<std::uint8_t, 6> kCertificateAlerts{42, 43, 44, 45, 46, 48};
constexpr std::uint8_t kEchRequired = 121;  // RFC 9849, 11.2

bool is_about_certificate(const tls::Failure& failure) {
  return failure.alert && std::ranges::find(kCertificateAlerts, *failure.alert) != kCertificateAlerts.end();
}

Code code_of(const tls::Failure& failure) {
  if (failure.kind == Kind::closed) return Code::reset;
  if (failure.kind == Kind::socket) return flow::code_of(failure.error);
  return Code::tls;
}

}  // namespace

net::Awaitable<Handshake> shake_hands(Flow& flow, tls::Connection& connection) {
  const bool is_upstream = flow.opening->has_upstream(connection);
  if (!flow.DeadlineHook::is_linked())
    flow.worker.await_deadline(flow, flow.worker.snapshot().settings.tls.handshake_timeout);
  for (;;) {
    const auto progress = connection.handshake();
    if (progress == tls::Connection::Progress::done) co_return Handshake::done;
    if (progress == tls::Connection::Progress::failed) co_return Handshake::failed;
    if (is_upstream && flow.opening->upstream().wants_certificate()) co_return Handshake::wants_certificate;
    // Side by side; how the client's went is asked once the origin's is done.
    if (is_upstream && flow.opening->has_answered_early()) flow.opening->client().handshake();
    co_await flow.waiter.wait();
    if (flow.stopped) co_return Handshake::stopped;
    if (is_upstream && flow.client.error) co_return Handshake::client_gone;
  }
}

End client_handshake_failed(Flow& flow) {
  flow.told = true;  // by OpenSSL's alert, or it is the client that ended it
  flow.worker.count().tls_handshake_failed[static_cast<std::size_t>(Side::client)].add();
  if (flow.stopped) {
    const auto side = *flow.stopped == Code::timeout ? Side::client : Side::weir;
    return {Stage::handshake, side, *flow.stopped, {}};
  }
  const auto& failure = flow.opening->client().failure();
  flow.opening->note_detail("client: " + failure.text);
  End end{Stage::handshake, Side::client, code_of(failure), failure.error};
  if (is_about_certificate(failure)) {
    end.code = Code::rejected;
    learn_exception(flow, flow::TlsCause::rejected);
  } else if (failure.alert == kEchRequired) {
    end.code = Code::rejected;
    learn_exception(flow, flow::TlsCause::encrypted_client_hello);
  } else if (failure.kind == Kind::closed || failure.kind == Kind::socket) {
    note_silent_close(flow);
  }
  return end;
}

}  // namespace weir::session
