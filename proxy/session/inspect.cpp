#include "proxy/session/inspect.hpp"

#include "proxy/net/plain_stream.hpp"
#include "proxy/session/carry.hpp"
#include "proxy/session/flow.hpp"
#include "proxy/session/http_exchange.hpp"
#include "proxy/session/http_judge.hpp"
#include "proxy/session/refuse.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

using flow::End;

http::ConversationSettings settings_of(const Flow& flow) {
  const auto& all = flow.worker.snapshot().settings;
  return {.flow = flow::id_text(flow.record.id),
          .scheme = flow.opening ? "https" : "http",
          .client = flow.record.client.address.text(),
          .via = all.http.via,
          .forwarded = all.http.forwarded,
          .removes_alternatives = all.quic.action == conf::QuicAction::reject,
          .upgrades = all.http.upgrades,
          .timeouts = {.head = all.http.header_timeout, .body = all.http.body_timeout},
          .stall_timeout = all.gateway.idle_timeout};
}

}  // namespace

bool wants_plain_requests(const Flow& flow) {
  const auto& http = flow.worker.snapshot().settings.http;
  return flow.worker.wants_requests() || http.via || http.forwarded;
}

std::unique_ptr<HttpExchange> make_exchange(Flow& flow, std::unique_ptr<http::Supervisor> supervisor) {
  return std::make_unique<HttpExchange>(flow.worker.resources(), settings_of(flow), std::move(supervisor));
}

net::Awaitable<End> inspect(Flow& flow) {
  flow.record.disposition = flow::Disposition::inspect;
  const auto protocol = flow.first_look->detector().protocol();
  const bool is_http2 = protocol == detect::Protocol::http2;
  auto exchange = make_exchange(flow, std::make_unique<HttpJudge>(flow));
  exchange->meet_client(std::make_unique<net::PlainStream>(flow.client),
                        is_http2 ? HttpExchange::Speaks::http2 : HttpExchange::Speaks::http1);
  exchange->begin_with(flow.first_look->bytes());
  if (protocol == detect::Protocol::need_more)  // its head was waited for
    exchange->tick(std::chrono::steady_clock::now() + flow.worker.snapshot().settings.http.header_timeout);
  exchange->dials_by([&flow] { return std::make_unique<net::PlainStream>(flow.upstream); });
  flow.first_look.reset();
  flow.relay = std::move(exchange);
  return carry_messages(flow);
}

net::Awaitable<End> carry_messages(Flow& flow) {
  auto end = co_await carry(flow);
  if (flow.relay->has_told_client()) {
    if (!flow.relay->client_finished()) co_await linger(flow);
    flow.told = true;
  }
  if (end.code != flow::Code::finished) co_return end;
  if (flow.record.disposition == flow::Disposition::block)
    co_return End{flow::Stage::classify, flow::Side::weir, flow::Code::blocked, {}};
  if (flow.record.disposition == flow::Disposition::reset)
    co_return End{flow::Stage::classify, flow::Side::weir, flow::Code::denied, {}};
  co_return end;
}

}  // namespace weir::session
