#include "proxy/session/refuse.hpp"

#include <array>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "proxy/session/first_look.hpp"
#include "proxy/session/flow.hpp"
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

// RFC 8446, 6: a record of type alert with level fatal. The record's version is what every client takes.
std::string alert_record(tls::Alert alert) {
  return {'\x15', '\x03', '\x03', '\0', '\2', '\2', static_cast<char>(alert)};
}

// Sends what fits at once, which a fresh connection's buffer takes whole, then the end; and reads on for a while, since
// closing over unread bytes is a reset, which can overtake what was sent (RFC 9112, 9.6).
// (A view: g++ 12 destroys a temporary among the arguments of an awaited call twice.)
net::Awaitable<void> tell_and_close(Flow& flow, std::string_view message) {
  if (!message.empty()) send(flow.client.fd(), message.data(), message.size(), MSG_NOSIGNAL);
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

std::string page(const Flow& flow, const http::RequestHead& request, http::Refused refused, std::string_view reason) {
  const auto name = std::string(request.host()) + std::string(request.path());
  const auto id = flow::id_text(flow.record.id);
  const http::BlockNotice notice{
      .name = name, .rule = flow.record.rule, .flow = id, .reason = reason, .refused = refused};
  return http::block_response(notice, http::page_type(request.field("Accept")), request.method() == "HEAD",
                              std::chrono::system_clock::now());
}

constexpr std::string_view kByPolicy = "A rule of this network says that it is not to be had from here.";

// A request's head as it comes inside TLS.
struct HeadReader {
  enum class State : std::uint8_t { wait, done, ended };

  State read(net::Stream& client, std::span<std::uint8_t> scratch) {
    for (;;) {
      const auto read = client.read(scratch);
      if (read.state == net::Stream::Io::State::wait) return State::wait;
      if (read.state != net::Stream::Io::State::moved) return State::ended;
      const auto some = scratch.first(read.size);
      bytes.insert(bytes.end(), some.begin(), some.end());
      const auto state = head.parse(bytes);
      if (state != http::RequestHead::State::need_more)
        return state == http::RequestHead::State::done ? State::done : State::ended;
    }
  }

  std::vector<std::uint8_t> bytes;
  http::RequestHead head;
};

// Until it is whole, or will not be; within the handshake's time.
net::Awaitable<bool> read_head(Flow& flow, HeadReader& reader) {
  for (;;) {
    const auto state = reader.read(flow.opening->client(), flow.worker.resources().scratch());
    if (state != HeadReader::State::wait) co_return state == HeadReader::State::done;
    co_await flow.waiter.wait();
    if (flow.stopped) co_return false;
  }
}

std::string bad_request() {
  return "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 39\r\n"
         "Connection: close\r\n\r\nThis is not a well-formed HTTP request.\n";
}

}  // namespace

net::Awaitable<End> refuse_blocked(Flow& flow, const policy::Decision& decision) {
  const auto protocol = flow.first_look ? flow.first_look->detector().protocol() : Protocol::opaque;
  const bool resets = decision.action == policy::Action::reset;
  const End end{Stage::classify, Side::weir, Code::blocked, {}};
  flow.record.disposition = resets ? flow::Disposition::reset : flow::Disposition::block;
  if (resets || (protocol != Protocol::tls && protocol != Protocol::http1))
    co_return End{Stage::classify, Side::weir, Code::denied, {}};
  if (protocol == Protocol::tls && decision.tls == policy::Tls::decrypt && flow.worker.tls_sides() != nullptr)
    co_return co_await refuse_within_tls(flow, http::Refused::by_policy, kByPolicy, end);
  const std::string message = protocol == Protocol::http1 ? page(flow, flow.first_look->detector().request(),
                                                                 http::Refused::by_policy, kByPolicy)
                                                          : alert_record(tls::Alert::access_denied);
  co_await tell_and_close(flow, message);
  co_return end;
}

net::Awaitable<End> refuse_malformed(Flow& flow) {
  flow.record.disposition = flow::Disposition::block;
  const auto& refusal = flow.first_look->detector().refusal();
  const std::string message = refusal ? alert_record(refusal->alert) : bad_request();
  co_await tell_and_close(flow, message);
  co_return End{Stage::classify, Side::client, Code::malformed, {}};
}

net::Awaitable<End> refuse_with_alert(Flow& flow, tls::Alert alert, End end) {
  const std::string message = alert_record(alert);
  co_await tell_and_close(flow, message);
  co_return end;
}

net::Awaitable<End> refuse_within_tls(Flow& flow, http::Refused refused, std::string_view reason, End end) {
  if (!flow.opening) flow.opening = std::make_unique<Opening>(flow);
  flow.record.disposition = flow::Disposition::block;
  const auto& alpn = flow.first_look->detector().hello().alpn;
  const bool takes_http1 = alpn.empty() || alpn.contains("http/1.1");
  if (!takes_http1 || !flow.opening->begin_client(Opening::Leaf::own))
    co_return co_await refuse_with_alert(flow, tls::Alert::access_denied, end);
  auto& client = flow.opening->client();
  if (co_await shake_hands(flow, client) != Handshake::done) co_return client_handshake_failed(flow);
  flow.opening->take_client();
  HeadReader reader;
  if (co_await read_head(flow, reader)) {
    const std::string message = page(flow, reader.head, refused, reason);
    client.write({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
  }
  client.finish(true, true);
  co_await tell_and_close(flow, {});
  co_return end;
}

}  // namespace weir::session
