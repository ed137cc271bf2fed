#include "proxy/session/refuse.hpp"

#include <string>

#include <sys/socket.h>

#include "proxy/session/first_look.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/http_exchange.hpp"
#include "proxy/session/http_judge.hpp"
#include "proxy/session/inspect.hpp"
#include "proxy/session/opening.hpp"
#include "proxy/session/shake_hands.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using detect::Protocol;
using flow::Code;
using flow::End;
using flow::Side;
using flow::Stage;

// How long the client may go on sending before the connection is closed over it.
constexpr std::chrono::seconds kLinger{2};
constexpr std::size_t kMostLingering = std::size_t{16} * 1024 * 1024;

// RFC 8446, 6: a record of type alert with level fatal. The record's version is what every client takes.
std::string alert_record(tls::Alert alert) {
  return {'\x15', '\x03', '\x03', '\0', '\2', '\2', static_cast<char>(alert)};
}

// Sends what fits at once, which a fresh connection's buffer takes whole, then the end.
// (A view: g++ 12 destroys a temporary among the arguments of an awaited call twice.)
net::Awaitable<void> tell_and_close(Flow& flow, std::string_view message) {
  if (!message.empty()) send(flow.client.fd(), message.data(), message.size(), MSG_NOSIGNAL);
  co_await linger(flow);
}

}  // namespace

net::Awaitable<void> linger(Flow& flow) {
  shutdown(flow.client.fd(), SHUT_WR);
  flow.DeadlineHook::unlink();
  flow.worker.await_deadline(flow, kLinger);
  const auto scratch = flow.worker.resources().scratch();
  std::size_t heard = 0;
  while (!flow.stopped && !flow.client.error && heard < kMostLingering) {
    const auto count = flow.client.readable ? recv(flow.client.fd(), scratch.data(), scratch.size(), 0) : -1;
    if (count == 0) break;
    if (count > 0) {
      heard += static_cast<std::size_t>(count);
      continue;
    }
    flow.client.readable = false;
    co_await flow.waiter.wait();
  }
  flow.told = true;
}

net::Awaitable<End> refuse_blocked(Flow& flow, const policy::Decision& decision) {
  const auto protocol = flow.first_look ? flow.first_look->detector().protocol() : Protocol::opaque;
  const bool resets = decision.action == policy::Action::reset;
  const End end{Stage::classify, Side::weir, Code::blocked, {}};
  flow.record.disposition = resets ? flow::Disposition::reset : flow::Disposition::block;
  if (resets || protocol != Protocol::tls) co_return End{Stage::classify, Side::weir, Code::denied, {}};
  if (decision.tls == policy::Tls::decrypt && flow.worker.tls_sides() != nullptr)
    co_return co_await refuse_within_tls(flow, kForbidden, kByPolicy, end);
  co_return co_await refuse_with_alert(flow, tls::Alert::access_denied, end);
}

net::Awaitable<End> refuse_malformed(Flow& flow) {
  flow.record.disposition = flow::Disposition::block;
  const auto& refusal = flow.first_look->detector().refusal();
  const End end{Stage::classify, Side::client, Code::malformed, {}};
  co_return co_await refuse_with_alert(flow, refusal ? refusal->alert : tls::Alert::decode_error, end);
}

net::Awaitable<End> refuse_with_alert(Flow& flow, tls::Alert alert, End end) {
  const std::string message = alert_record(alert);
  co_await tell_and_close(flow, message);
  co_return end;
}

net::Awaitable<End> refuse_within_tls(Flow& flow, unsigned status, std::string_view reason, End end) {
  if (!flow.opening) flow.opening = std::make_unique<Opening>(flow);
  flow.record.disposition = flow::Disposition::block;
  if (!flow.opening->begin_client(Opening::Leaf::own))
    co_return co_await refuse_with_alert(flow, tls::Alert::access_denied, end);
  if (co_await shake_hands(flow, flow.opening->client()) != Handshake::done) co_return client_handshake_failed(flow);
  flow.opening->take_client();
  flow.record.disposition = flow::Disposition::block;
  const std::string_view cause = end.code == Code::blocked ? "" : flow::name(end.code);
  auto refuser = std::make_unique<HttpRefuser>(flow, status, reason, cause);
  auto& refuses = *refuser;
  auto exchange = make_exchange(flow, std::move(refuser));
  refuses.govern(exchange->conversation());
  exchange->meet_client(flow.opening->client(), flow.opening->client_speaks_http2() ? HttpExchange::Speaks::http2
                                                                                    : HttpExchange::Speaks::http1);
  flow.relay = std::move(exchange);
  co_await carry_messages(flow);  // within the handshake's time
  flow.opening->client().finish(true, true);
  flow.told = !flow.relay->failure();
  co_return end;
}

}  // namespace weir::session
