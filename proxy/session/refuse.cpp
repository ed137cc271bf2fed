#include "proxy/session/refuse.hpp"

#include <array>
#include <string>

#include <sys/socket.h>

#include "proxy/http/block_page.hpp"
#include "proxy/session/first_look.hpp"
#include "proxy/session/flow.hpp"
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

// RFC 8446, 6: a record of type alert with level fatal. The record's version is what every client takes.
std::string alert_record(std::uint8_t description) {
  return {'\x15', '\x03', '\x03', '\0', '\2', '\2', static_cast<char>(description)};
}

// Sends what fits at once, which a fresh connection's buffer takes whole, then the end; and reads on for a while, since
// closing over unread bytes is a reset, which can overtake what was sent (RFC 9112, 9.6).
// (A view: g++ 12 destroys a temporary among the arguments of an awaited call twice.)
net::Awaitable<void> tell_and_close(Flow& flow, std::string_view message) {
  send(flow.client.fd(), message.data(), message.size(), MSG_NOSIGNAL);
  shutdown(flow.client.fd(), SHUT_WR);
  flow.DeadlineHook::unlink();
  flow.worker.await_deadline(flow, kLinger);
  const auto scratch = flow.worker.resources().scratch();
  while (!flow.stopped && !flow.client.error) {
    const auto count = flow.client.readable ? recv(flow.client.fd(), scratch.data(), scratch.size(), 0) : -1;
    if (count == 0) break;
    if (count > 0) continue;
    flow.client.readable = false;
    co_await flow.waiter.wait();
  }
  flow.told = true;
}

std::string page(const Flow& flow) {
  const auto& request = flow.first_look->detector().request();
  const auto name = std::string(request.host()) + std::string(request.path());
  const auto id = flow::id_text(flow.record.id);
  const http::BlockNotice notice{.name = name,
                                 .rule = flow.record.rule,
                                 .flow = id,
                                 .reason = "A rule of this network says that it is not to be had from here."};
  return http::block_response(notice, http::page_type(request.field("Accept")), request.method() == "HEAD",
                              std::chrono::system_clock::now());
}

std::string bad_request() {
  return "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 39\r\n"
         "Connection: close\r\n\r\nThis is not a well-formed HTTP request.\n";
}

}  // namespace

net::Awaitable<End> refuse_blocked(Flow& flow, policy::Action action) {
  constexpr std::uint8_t kAccessDenied = 49;
  const auto protocol = flow.first_look ? flow.first_look->detector().protocol() : Protocol::opaque;
  flow.record.disposition = action == policy::Action::reset ? flow::Disposition::reset : flow::Disposition::block;
  if (action == policy::Action::reset || (protocol != Protocol::tls && protocol != Protocol::http1))
    co_return End{Stage::classify, Side::weir, Code::denied, {}};
  const std::string message = protocol == Protocol::http1 ? page(flow) : alert_record(kAccessDenied);
  co_await tell_and_close(flow, message);
  co_return End{Stage::classify, Side::weir, Code::blocked, {}};
}

net::Awaitable<End> refuse_malformed(Flow& flow) {
  flow.record.disposition = flow::Disposition::block;
  const auto& refusal = flow.first_look->detector().refusal();
  const std::string message = refusal ? alert_record(static_cast<std::uint8_t>(refusal->alert)) : bad_request();
  co_await tell_and_close(flow, message);
  co_return End{Stage::classify, Side::client, Code::malformed, {}};
}

}  // namespace weir::session
