#include "proxy/http/h1_client_side.hpp"

#include <utility>

namespace weir::http {

void H1ClientSide::receive(std::span<const std::uint8_t> bytes) {
  if (is_over()) return;
  if (current_ == nullptr) return hang_up();
  if (!asked_) return lose();  // what comes answers nothing that was asked
  input_.take(bytes, [this](auto all) { return process(all); });
}

void H1ClientSide::receive_end(bool in_order) {
  input_ended_ = true;
  truncated_ = !in_order;
  settle_end();
}

void H1ClientSide::lose() {
  auto* transaction = current_;
  break_off();
  if (transaction != nullptr && !response_done_) events_.cancelled(*transaction, ErrorCode::internal_error);
}

void H1ClientSide::advance(Time) {
  if (has_more_to_read() && can_read()) input_.again([this](auto all) { return process(all); });
  if (input_.kept() > 0 && current_ == nullptr) hang_up();  // it answers what nobody asked
  if (input_ended_) settle_end();
}

void H1ClientSide::written(std::size_t size) {
  asked_ = true;
  output_.written(size, current_, events_);
}

void H1ClientSide::hang_up() {
  keeps_ = false;
  if (is_over()) return;
  closing_ = Closing::in_order;
  events_.going_away(ErrorCode::no_error);
}

bool H1ClientSide::can_read() const {
  return current_ != nullptr && !response_done_ && !is_over() && input_.is_within_window();
}

bool H1ClientSide::wants_input() const {
  return !input_ended_ && !is_over() && input_.is_within_window() && (input_.kept() == 0 || can_read());
}

std::size_t H1ClientSide::process(std::span<const std::uint8_t> all) {
  std::size_t taken = 0;
  bool goes_on = true;
  reads_on_ = false;
  while (goes_on && can_read()) {
    if (tunnel_) {
      const auto rest = all.subspan(taken);
      if (rest.empty()) return taken;
      input_.count_body(rest.size());
      events_.body(*current_, rest);
      return all.size();
    }
    const auto step = reader_.read(all.subspan(taken), current_->response);
    taken += step.taken;
    goes_on = take(step);
  }
  reads_on_ = goes_on;
  return taken;
}

bool H1ClientSide::take(const H1Step& step) {
  switch (step.event) {
    case H1Event::need_more: return false;
    case H1Event::head: take_head(); return true;
    case H1Event::body:
      input_.count_body(step.body.size());
      events_.body(*current_, step.body);
      return true;
    case H1Event::end:
      if (!std::exchange(informational_, false)) take_end(reader_.trailers());
      return true;
    case H1Event::fault: break;
  }
  auto& transaction = *current_;
  const auto fault = reader_.fault();
  break_off();
  events_.fault(transaction, fault);
  return false;
}

void H1ClientSide::take_head() {
  auto& response = current_->response;
  informational_ = response.is_informational();
  if (!informational_) keeps_ = keeps_ && response.keeps_alive;
  if (response.body.kind == Body::Kind::tunnel) tunnel_ = true;
  if (response.body.kind == Body::Kind::streamed && response.version == Version::http1_0) keeps_ = false;
  events_.head(*current_);
  if (tunnel_ && current_ != nullptr) {
    output_.frame_as(H1Framing::tunnel);
    request_done_ = false;
  }
}

void H1ClientSide::take_end(const Fields& trailers) {
  response_done_ = true;
  events_.end(*current_, trailers);
  settle_transaction();
}

void H1ClientSide::send_head(Transaction& transaction) {
  current_ = &transaction;
  transaction.upstream_closed = false;
  request_done_ = response_done_ = informational_ = asked_ = false;
  input_.forget_body();
  keeps_ = transaction.request.keeps_alive;
  output_.frame_as(write_head(transaction.request, output_.buffer()));
  reader_.expect(transaction.request.method == "HEAD");
}

void H1ClientSide::send_end(Transaction&, const Fields& trailers) {
  output_.add_end(trailers);
  request_done_ = true;
  if (tunnel_ && closing_ == Closing::no) closing_ = response_done_ ? Closing::in_order : Closing::half;
  settle_transaction();
}

// There is no way to take a request back but to hang up: in order where the origin has said all it will.
void H1ClientSide::cancel(Transaction& transaction, ErrorCode) {
  if (current_ != &transaction) return;
  break_off();
  if (response_done_) closing_ = Closing::in_order;
}

void H1ClientSide::go_away(ErrorCode) {
  keeps_ = false;
  if (current_ == nullptr && closing_ == Closing::no) closing_ = Closing::in_order;
}

void H1ClientSide::settle_transaction() {
  if (current_ == nullptr || !request_done_ || !response_done_) return;
  std::exchange(current_, nullptr)->upstream_closed = true;
  if (!keeps_) hang_up();
}

void H1ClientSide::break_off() {
  keeps_ = false;
  closing_ = Closing::abrupt;
  auto* const transaction = std::exchange(current_, nullptr);
  if (transaction != nullptr) transaction->upstream_closed = true;
  output_.drop(transaction, events_);
}

void H1ClientSide::settle_end() {
  if (is_over()) return;
  if (current_ == nullptr) return hang_up();
  if (response_done_) keeps_ = false;             // the rest of the request is of no use to anybody
  if (!can_read() || has_more_to_read()) return;  // `advance` reads that first
  keeps_ = false;
  if (tunnel_) {
    response_done_ = true;
    events_.end(*current_, {});
    return settle_transaction();
  }
  auto& transaction = *current_;
  const auto step = reader_.read_end();
  if (step.event == H1Event::end && !truncated_) return take_end(reader_.trailers());
  break_off();
  events_.cancelled(transaction, ErrorCode::internal_error);
}

}  // namespace weir::http
