#include "proxy/admin/answers.hpp"

#include "proxy/admin/ask.hpp"
#include "proxy/admin/bypass_request.hpp"
#include "proxy/admin/flow_query.hpp"
#include "proxy/admin/glance.hpp"
#include "proxy/admin/metrics.hpp"
#include "proxy/admin/page.hpp"
#include "proxy/admin/problem.hpp"
#include "proxy/admin/summary.hpp"
#include "proxy/admin/views.hpp"

namespace weir::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Answer = asio::awaitable<Reply>;

constexpr auto kNoAnswer = "a worker did not answer in time; weir may be overloaded, try again";

Reply json(std::string body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}

Reply file(std::string body, const char* content_type, const char* name) {
  Reply reply;
  reply.content_type = content_type;
  reply.body = std::move(body);
  reply.fields.emplace_back(http::field::content_disposition, std::string("attachment; filename=\"") + name + "\"");
  return reply;
}

Reply text(std::string body) {
  Reply reply;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = std::move(body);
  return reply;
}

}  // namespace

Answer answer_health(Call) { co_return text("ok\n"); }

Answer answer_readiness(Call call) {
  const auto reason = why_not_ready(call.state.gateway.status());
  if (!reason.empty()) co_return problem(http::status::service_unavailable, reason);
  co_return text("ready\n");
}

Answer answer_metrics(Call call) {
  auto& gateway = call.state.gateway;
  const auto tally = co_await ask_tally(call.state);
  auto reply = text(metrics_text(gateway.status(), sum(gateway.counters()), gateway.kernel_counters(), tally));
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  co_return reply;
}

Answer answer_status(Call call) {
  auto& gateway = call.state.gateway;
  co_return json(status_json(gateway.status(), sum(gateway.counters()), std::chrono::system_clock::now()));
}

Answer answer_history(Call call) {
  const auto interval = std::chrono::ceil<std::chrono::seconds>(call.state.limits.sample_every);
  co_return json(history_json(call.state.history, interval));
}

Answer answer_summary(Call call) {
  auto& gateway = call.state.gateway;
  const auto tally = co_await ask_tally(call.state);
  if (!tally) co_return problem(http::status::service_unavailable, kNoAnswer);
  co_return json(summary_json(gateway.status(), *tally, gateway.kernel_counters()));
}

Answer answer_flows(Call call) {
  using Flows = std::vector<flow::Record>;
  const auto query = FlowQuery::parse(call.target.query);
  if (!query) co_return problem(http::status::bad_request, query.error());
  auto& gateway = call.state.gateway;
  auto flows = co_await ask<Flows>(
      call.state.context, [&gateway](std::function<void(Flows)> done) { gateway.flows(std::move(done)); },
      call.state.limits.patience);
  if (!flows) co_return problem(http::status::service_unavailable, kNoAnswer);
  const auto selection = query->select(std::move(*flows));
  co_return json(flows_json(selection.shown, selection.total, selection.matched));
}

Answer answer_flow(Call call) {
  using Found = std::optional<flow::Record>;
  const auto id = flow::parse_id(call.rest);
  if (!id) co_return problem(http::status::bad_request, "a flow's id is 16 hexadecimal digits");
  auto& gateway = call.state.gateway;
  const auto found = co_await ask<Found>(
      call.state.context, [&gateway, id](std::function<void(Found)> done) { gateway.flow(*id, std::move(done)); },
      call.state.limits.patience);
  if (!found) co_return problem(http::status::service_unavailable, kNoAnswer);
  if (!*found)
    co_return problem(http::status::not_found,
                      "no live flow has this id; the record of one that ended is where log.flows says");
  co_return json(flow_json(**found) + "\n");
}

Answer answer_bypass(Call call) { co_return json(bypass_json(call.state.gateway.bypass())); }

Answer answer_bypass_add(Call call) {
  auto request = parse_bypass_request(call.body);
  if (!request) co_return problem(http::status::bad_request, request.error());
  request->who = call.peer;
  const auto added = call.state.gateway.add_bypass(*request);
  if (!added) co_return problem(http::status::unprocessable_entity, added.error());
  auto reply = json("{\"added\":true}\n");
  reply.status = http::status::created;
  co_return reply;
}

Answer answer_bypass_remove(Call call) {
  const auto& query = call.target.query;
  if (query.size() != 1 || query[0].first != "what")
    co_return problem(http::status::bad_request, "name what to remove: /api/v1/bypass?what=198.51.100.0/24");
  const auto removed = call.state.gateway.remove_bypass(query[0].second, call.peer);
  if (removed == 0)
    co_return problem(http::status::not_found,
                      "nothing of this name was added or learned; entries of the configuration are changed there");
  co_return json("{\"removed\":" + std::to_string(removed) + "}\n");
}

Answer answer_exceptions(Call call) { co_return json(exceptions_json(call.state.gateway.exceptions())); }

Answer answer_exceptions_remove(Call call) {
  const auto& query = call.target.query;
  if (query.size() != 1 || query[0].first != "what")
    co_return problem(http::status::bad_request, "name what to remove: /api/v1/exceptions?what=www.example.com");
  const auto removed = call.state.gateway.remove_exceptions(query[0].second, call.peer);
  if (removed == 0)
    co_return problem(http::status::not_found,
                      "no exception is of a client, a destination or a name that is exactly this; those there are: "
                      "/api/v1/exceptions");
  co_return json("{\"removed\":" + std::to_string(removed) + "}\n");
}

// The type of ca.crt is what browsers and phones take as "install this"; its content is DER, as Android wants it and
// all others take it. Programs on Linux read PEM, so that is there as well.
Answer answer_ca(Call call) {
  auto files = call.state.gateway.ca_files();
  if (!files)
    co_return problem(http::status::not_found,
                      "weir decrypts nothing, so there is no certificate to install: neither tls.decrypt nor a rule "
                      "says so");
  const auto& path = call.target.path;
  if (path == "/ca.pem") co_return file(std::move(files->pem), "application/x-pem-file", "weir-ca.pem");
  if (path == "/ca.mobileconfig")
    co_return file(std::move(files->mobileconfig), "application/x-apple-aspen-config", "weir-ca.mobileconfig");
  co_return file(std::move(files->der), "application/x-x509-ca-cert", "weir-ca.crt");
}

Answer answer_explain(Call call) {
  const auto question = Question::parse(call.target.query);
  if (!question) co_return problem(http::status::bad_request, question.error());
  co_return json(explanation_json(*question, call.state.gateway.explain(*question)));
}

Answer answer_joins(Call call) { co_return json(joins_json(call.state.gateway.joins())); }

Answer answer_reload(Call call) {
  using Problems = std::vector<conf::Problem>;
  auto& gateway = call.state.gateway;
  const auto problems = co_await ask<Problems>(
      call.state.context, [&gateway](std::function<void(Problems)> done) { gateway.reload(std::move(done)); },
      call.state.limits.reload_patience);
  if (!problems)
    co_return problem(http::status::service_unavailable, "the reload goes on; the log will say how it ended");
  if (!problems->empty()) co_return problem(*problems);
  co_return json("{\"reloaded\":true}\n");
}

Answer answer_drain(Call call) {
  auto reply = json("{\"phase\":\"draining\"}\n");
  reply.status = http::status::accepted;
  // Without flows weir is gone at once: the answer goes first.
  reply.afterwards = [&gateway = call.state.gateway] { gateway.drain(); };
  co_return reply;
}

Answer answer_page(Call call) {
  Reply reply;
  if (const auto* file = page::find(call.target.path)) {
    reply.content_type = file->type;
    reply.body = file->bytes;
  }
  co_return reply;
}

}  // namespace weir::admin
