#include "proxy/session/dial.hpp"

#include "proxy/kernel/ruleset.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using flow::Code;
using flow::End;
using flow::Side;
using flow::Stage;

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
  flow.upstream.readable = false;  // what comes brings an edge
  flow.last_active = Clock::now();
  flow.worker.await_deadline(flow, gateway.connect_timeout);
  return std::nullopt;
}

}  // namespace

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

}  // namespace weir::session
