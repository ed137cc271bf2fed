#include "proxy/session/first_word.hpp"

#include <array>
#include <cerrno>
#include <span>

#include <sys/socket.h>

#include "proxy/detect/http2_server.hpp"
#include "proxy/session/dial.hpp"
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

bool passes_unread(const Flow& flow, const Decided& decided) {
  const auto way = way_of(flow, decided);
  if (way != Way::decrypt) return way == Way::unread;
  return decided.unread.action == policy::Action::allow &&
         instead_of_decrypting(flow, flow::TlsCause::not_tls) == conf::Instead::passthrough;
}

// Line ends, if anything: some protocols have a client begin with an empty line and wait for the answer. They fit, for
// nothing was sent before.
std::optional<End> pass_on_line_ends(Flow& flow) {
  const auto look = std::exchange(flow.first_look, std::make_unique<FirstLook>());
  const auto bytes = look->bytes();
  if (bytes.empty()) return std::nullopt;
  const auto sent = send(flow.upstream.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(bytes.size())) return std::nullopt;
  const std::error_code error(sent < 0 ? errno : ENOBUFS, std::system_category());
  return End{Stage::connect, Side::upstream, flow::code_of(error), error};
}

bool has_word(const Flow& flow, bool heeds_origin) {
  return flow.client.readable || (heeds_origin && flow.upstream.readable) || flow.client.error || flow.upstream.error;
}

// Such a server hears requests all the same.
bool waits_for_http2(const Flow& flow) {
  std::array<std::uint8_t, detect::kHttp2FrameHead> first{};
  const auto size = recv(flow.upstream.fd(), first.data(), first.size(), MSG_PEEK | MSG_DONTWAIT);
  return size > 0 && detect::opens_as_http2_server(std::span(first).first(static_cast<std::size_t>(size)));
}

// For news of either, as long as a flow may be idle. False: the flow is to stop.
net::Awaitable<bool> wait_idly(Flow& flow) {
  if (!flow.DeadlineHook::is_linked())
    flow.worker.await_deadline(flow, flow.worker.snapshot().settings.gateway.idle_timeout);
  co_await flow.waiter.wait();
  if (flow.stopped == Code::timeout) flow.stopped = Code::idle;
  co_return !flow.stopped;
}

// The upstream is there, and neither has said a word that counts.
net::Awaitable<std::optional<End>> await_first_word(Flow& flow, bool heeds_origin) {
  flow.handshake_place.reset();
  while (!has_word(flow, heeds_origin)) {
    const bool goes_on = co_await wait_idly(flow);
    if (!goes_on) co_return End{Stage::relay, Side::weir, *flow.stopped, {}};
  }
  flow.DeadlineHook::unlink();
  co_return std::nullopt;
}

}  // namespace

net::Awaitable<std::optional<End>> decide_by_first_word(Flow& flow, Decided& decided) {
  bool heeds_origin = true;
  while (decided.is_silent && passes_unread(flow, decided)) {
    if (!flow.upstream.is_open())
      if (auto failed = co_await dial(flow)) co_return failed;
    if (auto failed = pass_on_line_ends(flow)) co_return failed;
    if (auto stopped = co_await await_first_word(flow, heeds_origin)) co_return stopped;
    if (!flow.client.readable && heeds_origin && waits_for_http2(flow)) {
      heeds_origin = false;
      continue;
    }
    // Where both speak, or end, at once the client is heard.
    if (!flow.client.readable) co_return std::nullopt;
    if (auto ended = co_await decide(flow, decided)) co_return ended;
  }
  // Whatever reads or refuses it begins anew; the origin has heard nothing yet.
  if (way_of(flow, decided) != Way::unread) flow.upstream.close();
  co_return std::nullopt;
}

net::Awaitable<bool> client_speaks_first(Flow& flow, Opening& opening) {
  while (!flow.stopped) {
    const bool client = opening.client().has_word();
    if (client || opening.upstream().has_word()) {
      flow.DeadlineHook::unlink();
      co_return client;
    }
    co_await wait_idly(flow);
  }
  co_return false;
}

}  // namespace weir::session
