#include "proxy/session/carry.hpp"

#include "proxy/session/dial.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/opening.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using flow::Code;
using flow::End;
using flow::Side;
using flow::Stage;
using relay::Exchange;

// How long what a side sent before its reset may take to reach the other; then the reset is passed on regardless.
constexpr std::chrono::seconds kResetGrace{1};

End relay_end(const Exchange& relay) {
  if (const auto end = relay.end()) return *end;
  if (!relay.failure()) return {Stage::relay, Side::client, Code::finished, {}};
  return {Stage::relay, relay.failure()->side, flow::code_of(relay.failure()->error), relay.failure()->error};
}

// A reset overtakes what is still in the send buffer, so it waits until that is acknowledged.
net::Awaitable<void> deliver_before_reset(Flow& flow, Side failed) {
  const auto& other = failed == Side::client ? flow.upstream : flow.client;
  while (!flow.stopped && !other.error && net::unacknowledged(other.fd()) > 0) {
    if (!flow.DeadlineHook::is_linked()) flow.worker.await_deadline(flow, kResetGrace);
    flow.worker.wake_at_tick(flow);
    co_await flow.waiter.wait();
  }
}

// What was read to decide goes first; where nothing was, the first bytes are looked at as they pass.
void begin(Flow& flow, relay::Relay& relay) {
  if (const auto look = std::move(flow.first_look)) {
    relay.begin_with(look->bytes());
  } else if (flow.worker.wants_names()) {
    flow.sniffer = std::make_unique<NameSniffer>(flow);
    relay.show_first_bytes(flow.sniffer.get());
  }
}

// The origin cannot be had. Whether the client is told so first.
bool tell_of_failed_dial(Flow& flow, const End& failed) {
  if (failed.side != Side::upstream || !flow.relay->could_not_dial(failed)) return false;
  flow.stopped.reset();  // the time was the dial's
  flow.upstream.close();
  return true;
}

}  // namespace

net::Awaitable<End> relay_unread(Flow& flow) {
  const bool can_splice = flow.record.transport == flow::Transport::tcp;
  auto relay = std::make_unique<relay::Relay>(flow.worker.resources(), flow.client, flow.upstream, can_splice);
  begin(flow, *relay);
  flow.relay = std::move(relay);
  return carry(flow);
}

net::Awaitable<End> carry(Flow& flow) {
  auto& relay = *flow.relay;
  std::optional<End> failed;
  flow.handshake_place.reset();
  for (;;) {
    const auto next = relay.step();
    if (flow.sniffer && flow.sniffer->is_done()) flow.sniffer.reset();
    flow.last_active = Clock::now();
    if (flow.opening) flow.opening->watch();
    if (!flow.client_ended && relay.client_finished()) flow.note_client_end();
    if (next == Exchange::Next::over) break;
    if (next == Exchange::Next::dial) {
      failed = co_await dial(flow);
      if (failed && !tell_of_failed_dial(flow, *failed)) co_return *failed;
      if (!failed) relay.dialled();
      continue;
    }
    if (next == Exchange::Next::again) flow.waiter.wake();
    if (relay.failure() && !flow.DeadlineHook::is_linked()) flow.worker.await_deadline(flow, kResetGrace);
    if (!flow.stopped) co_await flow.waiter.wait();  // it may have been stopped before it was carried
    if (flow.stopped && relay.failure()) break;
    if (flow.stopped) co_return End{Stage::relay, Side::weir, *flow.stopped, {}};
  }
  if (relay.failure()) co_await deliver_before_reset(flow, relay.failure()->side);
  co_return failed ? *failed : relay_end(relay);
}

}  // namespace weir::session
