#include "proxy/http/conversation.hpp"

#include <algorithm>
#include <utility>

#include "proxy/http/block_page.hpp"
#include "proxy/http/field_edits.hpp"
#include "proxy/http/h1_client_side.hpp"
#include "proxy/http/h1_server_side.hpp"
#include "proxy/http/h2_client_side.hpp"
#include "proxy/http/h2_server_side.hpp"

namespace weir::http {
namespace {

using flow::RequestEnd;

constexpr unsigned kSwitches = 101;
constexpr unsigned kNotImplemented = 501;
constexpr unsigned kBadGateway = 502;
constexpr std::string_view kNoTunnel = "What it asks for cannot be had over this connection.";
constexpr std::string_view kNotUnderstood = "The server's response is not to be understood.";

RequestEnd end_of(Fault fault) {
  switch (fault) {
    case Fault::timeout: return RequestEnd::timeout;
    case Fault::head_too_large:
    case Fault::too_many_fields:
    case Fault::extension_too_large: return RequestEnd::limit;
    default: return RequestEnd::malformed;
  }
}

}  // namespace

class Conversation::ClientEvents final : public Events {
 public:
  explicit ClientEvents(Conversation& conversation) : it_(conversation) {}
  void head(Transaction& transaction) override { it_.take_request(transaction); }
  void body(Transaction& transaction, std::span<const std::uint8_t> bytes) override {
    it_.take_request_body(transaction, bytes);
  }
  void end(Transaction& transaction, const Fields& trailers) override { it_.take_request_end(transaction, trailers); }
  void drained(Transaction& transaction, std::size_t size) override {
    it_.client_took_ = it_.now_;
    if (!transaction.upstream_closed) it_.upstream_->consume(transaction, size);
  }
  void cancelled(Transaction& transaction, ErrorCode code) override { it_.client_cancelled(transaction, code); }
  void fault(Transaction& transaction, Fault fault) override { it_.request_fault(transaction, fault); }
  void going_away(ErrorCode code) override { it_.client_goes(code); }

 private:
  Conversation& it_;
};

class Conversation::UpstreamEvents final : public Events {
 public:
  explicit UpstreamEvents(Conversation& conversation) : it_(conversation) {}
  void head(Transaction& transaction) override { it_.take_response(transaction); }
  void body(Transaction& transaction, std::span<const std::uint8_t> bytes) override {
    it_.take_response_body(transaction, bytes);
  }
  void end(Transaction& transaction, const Fields& trailers) override { it_.take_response_end(transaction, trailers); }
  void drained(Transaction& transaction, std::size_t size) override {
    if (!transaction.client_closed) it_.client_->consume(transaction, size);
  }
  void cancelled(Transaction& transaction, ErrorCode code) override { it_.upstream_cancelled(transaction, code); }
  void fault(Transaction& transaction, Fault fault) override { it_.response_fault(transaction, fault); }
  void going_away(ErrorCode code) override { it_.upstream_goes(code); }

 private:
  Conversation& it_;
};

Conversation::Conversation(ConversationSettings settings, Supervisor& supervisor)
    : settings_(std::move(settings)),
      supervisor_(supervisor),
      client_events_(std::make_unique<ClientEvents>(*this)),
      upstream_events_(std::make_unique<UpstreamEvents>(*this)) {}

Conversation::~Conversation() = default;

void Conversation::meet_client(Speaks speaks) {
  if (speaks == Speaks::http2)
    client_ = std::make_unique<H2ServerSide>(transactions_, *client_events_);
  else
    client_ = std::make_unique<H1ServerSide>(transactions_, *client_events_);
}

void Conversation::meet_upstream(Speaks speaks) {
  if (speaks == Speaks::http2)
    upstream_ = std::make_unique<H2ClientSide>(transactions_, *upstream_events_);
  else
    upstream_ = std::make_unique<H1ClientSide>(*upstream_events_);
}

void Conversation::advance(Time now) {
  now_ = now;
  if (upstream_) upstream_->advance(now);
  begin_queued();
  client_->advance(now);
  begin_queued();
  settle_connections();
  transactions_.sweep();
}

// What one side's end means to the other.
void Conversation::settle_connections() {
  if (!upstream_) return;
  const auto closing = client_->closing();
  if ((closing == Wire::Closing::in_order || closing == Wire::Closing::abrupt) && !upstream_->is_going_away())
    upstream_->go_away(ErrorCode::no_error);
  if (upstream_->is_going_away() && !client_->is_going_away()) upstream_goes(ErrorCode::no_error);
  if (upstream_->takes_extended_connect() && !std::exchange(offered_extended_connect_, true))
    client_->offer_extended_connect();
}

// --- what the client's side reads

// Of a request: when its head is there, or is not to be.
void Conversation::begin_record(Transaction& transaction) {
  ++requests_;
  transaction.counted = transaction.request_read = true;
  transaction.began = now_;
  transaction.started = supervisor_.wall_time();
}

void Conversation::take_request(Transaction& transaction) {
  begin_record(transaction);
  auto& request = transaction.request;
  if (request.scheme.empty()) request.scheme = settings_.scheme;
  transaction.expects_continue = is_named(request.fields.get("expect"), "100-continue");
  if (request.method == "CONNECT" && request.protocol.empty()) return request_fault(transaction, Fault::connect);
  // Before it is judged: a rule is to see what the origin gets.
  remove_connection_fields(request.fields);
  const auto verdict = supervisor_.judge(transaction);
  switch (verdict.kind) {
    case Verdict::Kind::allow: prepare_request(transaction); return forward(transaction);
    case Verdict::Kind::refuse:
      transaction.end = RequestEnd::blocked;
      return answer(transaction, verdict.status, verdict.reason);
    case Verdict::Kind::reset: return reset(transaction);
  }
}

void Conversation::reset(Transaction& transaction) {
  transaction.end = RequestEnd::reset;
  if (!client_->speaks_http2()) blame(Cause::Kind::reset, true);
  put_on_record(transaction);
  client_->cancel(transaction, ErrorCode::refused_stream);
}

void Conversation::take_request_body(Transaction& transaction, std::span<const std::uint8_t> bytes) {
  transaction.request_bytes += bytes.size();
  if (transaction.answered_here || transaction.ended || (transaction.forwarded && transaction.upstream_closed))
    client_->consume(transaction, bytes.size());  // nobody wants it any more
  else if (transaction.forwarded)
    upstream_->send_body(transaction, bytes);
  else
    transaction.to_upstream.add(bytes);
}

void Conversation::take_request_end(Transaction& transaction, const Fields& trailers) {
  transaction.request_ended = true;
  if (transaction.forwarded && !transaction.upstream_closed)
    upstream_->send_end(transaction, trailers);
  else if (!transaction.forwarded && !transaction.answered_here)
    transaction.to_upstream.end(trailers);
  settle(transaction);
}

void Conversation::client_cancelled(Transaction& transaction, ErrorCode code) {
  drop_request(transaction);
  const bool is_no_request = !transaction.counted && code == ErrorCode::protocol_error;
  if (!transaction.counted) begin_record(transaction);
  if (!transaction.ended && !transaction.response_ended)
    transaction.end = is_no_request ? RequestEnd::malformed : RequestEnd::cancelled;
  put_on_record(transaction);
}

// Wherever it is on its way upstream.
void Conversation::drop_request(Transaction& transaction) {
  std::erase(queue_, &transaction);
  if (transaction.forwarded && !transaction.upstream_closed) upstream_->cancel(transaction, ErrorCode::cancel);
}

void Conversation::request_fault(Transaction& transaction, Fault fault) {
  if (!transaction.counted) begin_record(transaction);
  drop_request(transaction);
  transaction.fault = fault;
  transaction.end = end_of(fault);
  if (!client_->speaks_http2()) blame(fault == Fault::timeout ? Cause::Kind::timeout : Cause::Kind::malformed, true);
  if (!transaction.response_begun) return answer(transaction, status_of(fault), sentence(fault));
  put_on_record(transaction);
  client_->cancel(transaction, ErrorCode::protocol_error);
}

// What it asked for before is still served; the origin's side follows once this one closes.
void Conversation::client_goes(ErrorCode code) {
  if (client_->blamed())
    blame(code == ErrorCode::enhance_your_calm ? Cause::Kind::flood : Cause::Kind::malformed, true);
}

// --- upstream

void Conversation::forward(Transaction& transaction) {
  if (upstream_ && queue_.empty() && upstream_->can_begin()) return send_upstream(transaction);
  queue_.push_back(&transaction);
  if (upstream_ && upstream_->is_going_away()) refuse_queued();
}

void Conversation::send_upstream(Transaction& transaction) {
  auto& request = transaction.request;
  if (!upstream_->speaks_http2()) {
    if (!request.protocol.empty()) return answer(transaction, kNotImplemented, kNoTunnel);
    join_cookies(request.fields);
  } else {
    request.upgrade.clear();
  }
  transaction.forwarded = true;
  transaction.upstream_closed = false;
  upstream_->send_head(transaction);
  if (upstream_->speaks_http2() || transaction.upstream_closed) return;  // it takes what waits by itself
  auto& held = transaction.to_upstream;
  if (held.size() > 0) {
    upstream_->send_body(transaction, held.bytes());
    held.take(held.size());
  }
  if (held.ended()) upstream_->send_end(transaction, held.trailers());
}

void Conversation::begin_queued() {
  while (!queue_.empty() && upstream_ && upstream_->can_begin()) {
    auto& next = *queue_.front();
    queue_.pop_front();
    send_upstream(next);
  }
}

// The origin has seen none of them, so the client may try each again.
void Conversation::refuse_queued() {
  while (!queue_.empty()) {
    auto& transaction = *queue_.front();
    queue_.pop_front();
    transaction.end = RequestEnd::aborted;
    put_on_record(transaction);
    client_->cancel(transaction, ErrorCode::refused_stream);
  }
}

void Conversation::take_response(Transaction& transaction) {
  auto& response = transaction.response;
  if (transaction.client_closed || transaction.ended || transaction.answered_here) return;
  if (response.is_informational()) {
    if (++transaction.informational > kMostInformational) return response_fault(transaction, Fault::informational);
    remove_connection_fields(response.fields);
    return client_->send_head(transaction);
  }
  const bool switches = response.body.kind == Body::Kind::tunnel;
  if (switches && transaction.request.upgrade.empty() && transaction.request.protocol.empty())
    return response_fault(transaction, Fault::upgrade);
  transaction.response_read = true;
  transaction.response_begun = true;
  transaction.first_byte = now_;
  if (response.status == kSwitches) transaction.request_ended = false;
  prepare_response(transaction);
  client_->send_head(transaction);
}

void Conversation::take_response_body(Transaction& transaction, std::span<const std::uint8_t> bytes) {
  transaction.response_bytes += bytes.size();
  if (transaction.client_closed || transaction.ended)
    upstream_->consume(transaction, bytes.size());
  else
    client_->send_body(transaction, bytes);
}

void Conversation::take_response_end(Transaction& transaction, const Fields& trailers) {
  if (transaction.ended) return;
  transaction.response_ended = true;
  if (!transaction.client_closed) client_->send_end(transaction, trailers);
  settle(transaction);
}

void Conversation::upstream_cancelled(Transaction& transaction, ErrorCode code) {
  if (transaction.ended) return;
  transaction.end = RequestEnd::aborted;
  put_on_record(transaction);
  // What is not whole must not look as if it were.
  if (code == ErrorCode::no_error) code = ErrorCode::internal_error;
  if (!transaction.client_closed) client_->cancel(transaction, code);
}

void Conversation::response_fault(Transaction& transaction, Fault fault) {
  if (!transaction.upstream_closed) upstream_->cancel(transaction, ErrorCode::protocol_error);
  if (transaction.ended) return;
  transaction.fault = fault;
  transaction.end = RequestEnd::malformed;
  if (!client_->speaks_http2()) blame(Cause::Kind::malformed, false);
  if (!transaction.response_begun) return answer(transaction, kBadGateway, kNotUnderstood);
  put_on_record(transaction);
  if (!transaction.client_closed) client_->cancel(transaction, ErrorCode::internal_error);
}

void Conversation::upstream_goes(ErrorCode code) {
  refuse_queued();
  if (upstream_->blamed())
    blame(code == ErrorCode::enhance_your_calm ? Cause::Kind::flood : Cause::Kind::malformed, false);
  client_->go_away(ErrorCode::no_error);
}

// --- weir's own

void Conversation::answer(Transaction& transaction, unsigned status, std::string_view reason) {
  auto& request = transaction.request;
  auto& response = transaction.response;
  const auto name = request.authority + std::string(request.path());
  const BlockNotice notice{
      .name = name, .rule = transaction.rule, .flow = settings_.flow, .reason = reason, .status = status};
  const bool closes = transaction.fault != Fault::none && !client_->speaks_http2();
  const auto page = fill_page(response, notice, request, supervisor_.wall_time());
  response.keeps_alive = !closes;
  transaction.answered_here = true;
  transaction.response_read = transaction.response_begun = true;
  transaction.first_byte = now_;
  transaction.response_bytes = page.size();
  if (transaction.client_closed) return put_on_record(transaction);
  client_->send_head(transaction);
  if (!page.empty()) client_->send_body(transaction, {reinterpret_cast<const std::uint8_t*>(page.data()), page.size()});
  transaction.response_ended = true;
  client_->send_end(transaction, {});
  put_on_record(transaction);
}

void Conversation::settle(Transaction& transaction) {
  if (transaction.request_ended && transaction.response_ended) put_on_record(transaction);
}

void Conversation::put_on_record(Transaction& transaction) {
  if (std::exchange(transaction.ended, true)) return;
  transaction.last_byte = now_;
  supervisor_.note_end(transaction);
}

void Conversation::blame(Cause::Kind kind, bool client) {
  if (!cause_) cause_ = Cause{kind, client};
}

void Conversation::prepare_request(Transaction& transaction) {
  auto& request = transaction.request;
  if (!may_upgrade(request)) request.upgrade.clear();
  if (transaction.edits != nullptr) edit(request, *transaction.edits);
  if (settings_.via) add_via(request.fields, request.version);
  if (settings_.forwarded) add_forwarded(request, settings_.client);
}

void Conversation::prepare_response(Transaction& transaction) {
  auto& response = transaction.response;
  remove_connection_fields(response.fields);
  if (settings_.removes_alternatives) remove_http3_alternatives(response.fields);
  if (transaction.edits != nullptr) edit(response, *transaction.edits);
  if (settings_.via) add_via(response.fields, response.version);
}

bool Conversation::may_upgrade(const Request& request) const {
  // With a body one could not tell where the tunnel begins.
  if (request.body.kind == Body::Kind::streamed || request.body.size > 0) return false;
  return std::ranges::any_of(settings_.upgrades,
                             [&](const std::string& protocol) { return is_named(request.upgrade, protocol); });
}

// --- time, and connections that break

bool Conversation::client_has_unread() {
  if (!client_->output().empty()) return true;
  bool waits = false;
  transactions_.for_each([&](const Transaction& transaction) { waits = waits || transaction.to_client.size() > 0; });
  return waits;
}

// Gives back memory that nothing needs at the moment: a connection may stay idle for long, and a stream, too.
void Conversation::rest() {
  transactions_.for_each([](Transaction& transaction) {
    transaction.to_client.rest();
    transaction.to_upstream.rest();
  });
  if (transactions_.live() > 0) return;
  transactions_.rest();
  client_->rest();
  if (upstream_) upstream_->rest();
}

bool Conversation::expire(Time now) {
  now_ = now;
  rest();
  if (!client_has_unread() || client_took_ == Time{}) client_took_ = now;
  if (now - client_took_ >= settings_.stall_timeout) {
    blame(Cause::Kind::timeout, true);
    stalled_ = true;
    return true;
  }
  const auto unfinished = client_->unfinished();
  if (!unfinished) return false;
  const auto most = unfinished->head ? settings_.header_timeout : settings_.body_timeout;
  if (now - unfinished->since < most) return false;
  client_->time_out();
  return true;
}

void Conversation::lose_client() { client_->lose(); }

void Conversation::lose_upstream() {
  if (!upstream_) return;
  upstream_->lose();
  refuse_queued();
}

}  // namespace weir::http
