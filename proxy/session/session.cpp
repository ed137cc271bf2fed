#include "proxy/session/session.hpp"

#include "proxy/kernel/mptcp_info.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/session/classify.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/paths.hpp"
#include "proxy/session/refuse.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using flow::Code;
using flow::End;
using flow::Side;
using flow::Stage;

// How long what a side sent before its reset may take to reach the other; then the reset is passed on regardless.
constexpr std::chrono::seconds kResetGrace{1};

// A connection to weir itself, or one nobody could have meant to be relayed: dialling it would be a loop.
bool is_relayable(const Snapshot& snapshot, const policy::Address& destination) {
  return !destination.is_unspecified() && !destination.is_loopback() && !destination.is_multicast() &&
         !snapshot.local_addresses.contains(destination);
}

// What the accepted socket tells: where it was going, and whether it is MPTCP.
std::optional<End> learn(Flow& flow, net::Descriptor socket) {
  if (const auto error = flow.client.open(flow.worker.poller(), std::move(socket)))
    return End{Stage::accept, Side::weir, flow::code_of(error), error};
  const auto destination = net::local_endpoint(flow.client.fd());
  if (!destination) return End{Stage::accept, Side::client, flow::code_of(destination.error()), destination.error()};
  flow.record.destination = flow::OriginalDestination{*destination};
  if (kernel::is_mptcp(flow.client.fd())) {
    flow.record.transport = flow::Transport::mptcp;
    // A connection that fell back before it was accepted has no token any more.
    if (const auto state = kernel::mptcp_state(flow.client.fd()); state && state->token != 0) {
      flow.record.token = state->token;
      flow.worker.watch_token(flow);
    }
  } else {
    net::keep_urgent_inline(flow.client.fd());
  }
  if (!is_relayable(flow.worker.snapshot(), destination->address))
    return End{Stage::accept, Side::weir, Code::not_intercepted, {}};
  return std::nullopt;
}

End connect_failed(const std::error_code& error) {
  // A connect that timed out, or found no free local port, is not a connection that was lost.
  auto code = flow::code_of(error);
  if (error == std::errc::timed_out) code = Code::timeout;
  if (error == std::errc::address_not_available || error == std::errc::resource_unavailable_try_again)
    code = Code::limit;
  return {Stage::connect, code == Code::limit ? Side::weir : Side::upstream, code, error};
}

std::optional<End> begin_dial(Flow& flow) {
  const auto& gateway = flow.worker.snapshot().settings.gateway;
  net::Dial dial{.to = flow.record.destination, .from = std::nullopt, .mark = kernel::kOwnMark};
  if (gateway.preserve_client_address) dial.from = flow.record.client.address;
  auto socket = net::begin_connect(dial);
  if (!socket) return connect_failed(socket.error());
  flow.upstream.writable = false;
  if (const auto error = flow.upstream.open(flow.worker.poller(), std::move(*socket)))
    return End{Stage::connect, Side::weir, flow::code_of(error), error};
  flow.worker.await_deadline(flow, gateway.connect_timeout);
  return std::nullopt;
}

net::Awaitable<std::optional<End>> dial(Flow& flow) {
  if (auto end = begin_dial(flow)) co_return end;
  while (!flow.upstream.writable) {
    co_await flow.waiter.wait();
    if (flow.stopped)
      co_return End{Stage::connect, *flow.stopped == Code::timeout ? Side::upstream : Side::weir, *flow.stopped, {}};
    if (flow.client.error) co_return End{Stage::connect, Side::client, Code::reset, {}};
  }
  flow.DeadlineHook::unlink();
  // Writable without an error is connected; asking SO_ERROR every time would be a system call a flow.
  if (flow.upstream.error)
    if (const auto error = net::connect_result(flow.upstream.fd())) co_return connect_failed(error);
  if (const auto local = net::local_endpoint(flow.upstream.fd()))
    flow.record.upstream_from = flow::UpstreamLocal{*local};
  flow.record.connect_time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - flow.last_active);
  co_return std::nullopt;
}

End relay_end(const relay::Relay& relay) {
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

net::Awaitable<End> relay(Flow& flow) {
  const bool can_splice = flow.record.transport == flow::Transport::tcp;
  auto& relay = flow.relay.emplace(flow.worker.resources(), flow.client, flow.upstream, can_splice);
  begin(flow, relay);
  for (;;) {
    const auto next = relay.step();
    if (flow.sniffer && flow.sniffer->is_done()) flow.sniffer.reset();
    flow.last_active = Clock::now();
    if (!flow.client_ended && relay.client_finished()) flow.note_client_end();
    if (next == relay::Relay::Next::over) break;
    if (next == relay::Relay::Next::again) flow.waiter.wake();
    if (relay.failure() && !flow.DeadlineHook::is_linked()) flow.worker.await_deadline(flow, kResetGrace);
    co_await flow.waiter.wait();
    if (flow.stopped && relay.failure()) break;
    if (flow.stopped) co_return End{Stage::relay, Side::weir, *flow.stopped, {}};
  }
  if (relay.failure()) co_await deliver_before_reset(flow, relay.failure()->side);
  co_return relay_end(relay);
}

net::Awaitable<End> live(Flow& flow, net::Descriptor socket) {
  const auto unwanted = learn(flow, std::move(socket));
  flow.worker.enter(flow);
  if (unwanted) co_return *unwanted;
  policy::Decision decision;
  if (const auto ended = co_await decide(flow, decision)) co_return *ended;
  if (decision.action != policy::Action::allow) co_return co_await refuse_blocked(flow, decision.action);
  if (const auto failed = co_await dial(flow)) co_return *failed;
  co_return co_await relay(flow);
}

void close_sockets(Flow& flow) {
  // An end out of order is shown as one: a router would pass on the reset, or send one for a flow it gave up.
  if (flow.record.end->code != Code::finished && !flow.told)
    for (const auto* watch : {&flow.client, &flow.upstream})
      if (watch->is_open()) net::reset_on_close(watch->fd());
  flow.client.close();
  flow.upstream.close();
}

}  // namespace

net::Awaitable<void> run_flow(Worker& worker, [[maybe_unused]] Admission::Place place, net::Descriptor client,
                              flow::ClientEndpoint peer) {
  Flow flow(worker, peer);
  flow.record.end = co_await live(flow, std::move(client));
  worker.leave(flow);
  close_sockets(flow);
  worker.write_record(flow.record);
}

}  // namespace weir::session
