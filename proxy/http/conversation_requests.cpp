// Of a Conversation: what the client's side reads, and its way upstream.
#include <algorithm>

#include "proxy/http/conversation.hpp"
#include "proxy/http/field_edits.hpp"

namespace weir::http {
namespace {

using flow::RequestEnd;

constexpr unsigned kNotImplemented = 501;
constexpr std::string_view kNoTunnel = "What it asks for cannot be had over this connection.";

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

namespace {

// A rule's edits are not to be undone behind the body.
Fields edited(const Transaction& transaction, Fields trailers) {
  if (transaction.edits != nullptr) edit_request_trailers(trailers, *transaction.edits);
  return trailers;
}

}  // namespace

void Conversation::take_request_end(Transaction& transaction, const Fields& trailers) {
  transaction.request_ended = true;
  if (transaction.forwarded && !transaction.upstream_closed)
    upstream_->send_end(transaction, edited(transaction, trailers));
  else if (!transaction.forwarded && !transaction.answered_here)
    transaction.to_upstream.end(edited(transaction, trailers));
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
  if (!client_->blamed()) return;
  switch (code) {
    case ErrorCode::no_error: return blame(Cause::Kind::timeout, true);
    case ErrorCode::enhance_your_calm: return blame(Cause::Kind::flood, true);
    default: return blame(Cause::Kind::malformed, true);
  }
}

void Conversation::forward(Transaction& transaction) {
  if (refusal_) return refuse(transaction);
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

bool Conversation::refuse_all(unsigned status, std::string_view reason) {
  // For an HTTP/2 client the origin is dialled before its first request is there.
  if (queue_.empty() && !client_->speaks_http2()) return false;
  refusal_ = Refusal{status, reason};
  // And it may hear nothing behind GOAWAY: that is sent once all is answered (`expire`).
  if (!client_->speaks_http2()) client_->go_away(ErrorCode::no_error);
  while (!queue_.empty()) {
    auto& transaction = *queue_.front();
    queue_.pop_front();
    refuse(transaction);
  }
  return true;
}

void Conversation::refuse(Transaction& transaction) {
  transaction.end = RequestEnd::aborted;
  answer(transaction, refusal_->status, refusal_->reason);
}

void Conversation::abandon() {
  transactions_.for_each([this](Transaction& transaction) {
    if (!transaction.request_read || transaction.ended) return;
    transaction.end = RequestEnd::aborted;
    put_on_record(transaction);
  });
}

void Conversation::prepare_request(Transaction& transaction) {
  auto& request = transaction.request;
  if (!may_upgrade(request)) request.upgrade.clear();
  if (transaction.edits != nullptr) edit(request, *transaction.edits);
  if (settings_.via) add_via(request.fields, request.version);
  if (settings_.forwarded) add_forwarded(request, settings_.client, settings_.scheme);
}

bool Conversation::may_upgrade(const Request& request) const {
  // With a body one could not tell where the tunnel begins.
  if (request.body.kind == Body::Kind::streamed || request.body.size > 0) return false;
  return std::ranges::any_of(settings_.upgrades,
                             [&](const std::string& protocol) { return is_named(request.upgrade, protocol); });
}

}  // namespace weir::http
