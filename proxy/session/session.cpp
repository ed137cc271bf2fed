#include "proxy/session/session.hpp"

#include "proxy/kernel/mptcp_info.hpp"
#include "proxy/session/carry.hpp"
#include "proxy/session/classify.hpp"
#include "proxy/session/decrypt.hpp"
#include "proxy/session/dial.hpp"
#include "proxy/session/first_word.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/inspect.hpp"
#include "proxy/session/paths.hpp"
#include "proxy/session/refuse.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using flow::Code;
using flow::End;
using flow::Side;
using flow::Stage;

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

net::Awaitable<End> live(Flow& flow, net::Descriptor socket) {
  const auto unwanted = learn(flow, std::move(socket));
  flow.worker.enter(flow);
  if (unwanted) co_return *unwanted;
  Decided decided;
  if (const auto ended = co_await decide(flow, decided)) co_return *ended;
  if (decided.is_silent)
    if (const auto ended = co_await decide_by_first_word(flow, decided)) co_return *ended;
  switch (way_of(flow, decided)) {
    case Way::inspect: co_return co_await inspect(flow);
    case Way::refuse: co_return co_await refuse_blocked(flow, decided.decision);
    case Way::decrypt: co_return co_await decrypt(flow, decided.unread);
    case Way::unread: break;
  }
  if (!flow.upstream.is_open())
    if (const auto failed = co_await dial(flow)) co_return *failed;
  co_return co_await relay_unread(flow);
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
  if (flow.relay) flow.relay->abandon();
  worker.leave(flow);
  close_sockets(flow);
  worker.write_record(flow.record);
}

}  // namespace weir::session
