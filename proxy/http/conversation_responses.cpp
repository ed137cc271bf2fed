// Of a Conversation: what the origin's side reads, and weir's own answers in its place.
#include "proxy/http/block_page.hpp"
#include "proxy/http/conversation.hpp"
#include "proxy/http/field_edits.hpp"

namespace weir::http {
namespace {

using flow::RequestEnd;

constexpr unsigned kSwitches = 101;
constexpr unsigned kBadGateway = 502;
constexpr std::string_view kNotUnderstood = "The server's response is not to be understood.";

}  // namespace

void Conversation::take_response(Transaction& transaction) {
  auto& response = transaction.response;
  if (transaction.client_closed || transaction.ended || transaction.answered_here) return;
  if (response.is_informational()) {
    if (++transaction.informational > kMostInformational) return response_fault(transaction, Fault::informational);
    remove_connection_fields(response.fields);
    response.fields.remove("te");  // of requests only
    edit_beside_response(transaction, response.fields);
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

// What comes before its head (1xx) and behind its body has none of the fields that are set or removed there.
void Conversation::edit_beside_response(const Transaction& transaction, Fields& fields) const {
  if (settings_.removes_alternatives) remove_http3_alternatives(fields);
  if (transaction.edits != nullptr) http::edit_beside_response(fields, *transaction.edits);
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
  if (!transaction.client_closed) {
    auto edited = trailers;
    edit_beside_response(transaction, edited);
    client_->send_end(transaction, edited);
  }
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

void Conversation::prepare_response(Transaction& transaction) {
  auto& response = transaction.response;
  remove_connection_fields(response.fields);
  response.fields.remove("te");  // of requests only
  if (settings_.removes_alternatives) remove_http3_alternatives(response.fields);
  if (transaction.edits != nullptr) edit(response, *transaction.edits);
  if (settings_.via) add_via(response.fields, response.version);
}

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

}  // namespace weir::http
