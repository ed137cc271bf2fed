#include "proxy/http/h1_server_side.hpp"

#include <utility>

namespace weir::http {
namespace {

// Of pipelined requests, while one is on: enough to learn that the client is gone.
constexpr std::size_t kReadAhead = 16 * 1024;
// Responses that the client has not read; then no further request is looked at.
constexpr std::size_t kMostUnread = 64 * 1024;
// Of the body of a request that was answered without it, to keep the connection usable.
constexpr std::uint64_t kMostThrownAway = 8 * 1024 * 1024;

}  // namespace

void H1ServerSide::receive(std::span<const std::uint8_t> bytes) {
  if (is_over()) return;
  if (stage_ == Stage::head && reader_.is_between_messages() && input_.kept() == 0) moved_on_ = true;
  input_.take(bytes, [this](auto all) { return process(all); });
}

void H1ServerSide::receive_end(bool) {
  input_ended_ = true;
  settle_end();
}

void H1ServerSide::advance(Time now) {
  if (has_more_to_read() && can_read()) input_.again([this](auto all) { return process(all); });
  // While nothing can be read it is not the client who is slow.
  if (std::exchange(moved_on_, !can_read())) since_ = now;
  if (input_ended_) settle_end();
}

bool H1ServerSide::can_read() const {
  return !is_over() && stage_ != Stage::waiting && input_.is_within_window() && output_.pending().size() < kMostUnread;
}

bool H1ServerSide::wants_input() const {
  if (is_over() || input_ended_ || !input_.is_within_window()) return false;
  return can_read() || input_.kept() < kReadAhead;
}

std::size_t H1ServerSide::process(std::span<const std::uint8_t> all) {
  std::size_t taken = 0;
  bool goes_on = true;
  reads_on_ = false;
  while (goes_on && can_read()) {
    if (stage_ == Stage::tunnel) return taken + process_tunnel(all.subspan(taken));
    const auto step = reader_.read(all.subspan(taken), next_);
    taken += step.taken;
    goes_on = take(step);
  }
  reads_on_ = goes_on;
  return is_over() ? all.size() : taken;
}

std::size_t H1ServerSide::process_tunnel(std::span<const std::uint8_t> all) {
  if (all.empty() || request_done_) return all.size();
  input_.count_body(all.size());
  events_.body(*current_, all);
  return all.size();
}

// False where there is nothing more to be read for now.
bool H1ServerSide::take(const H1Step& step) {
  switch (step.event) {
    case H1Event::need_more: return false;
    case H1Event::head:
      begin_transaction();
      events_.head(*current_);
      return true;
    case H1Event::body: take_body(step.body); return true;
    case H1Event::end:
      request_done_ = true;
      stage_ = Stage::waiting;
      events_.end(*current_, reader_.trailers());
      settle_transaction();
      return true;
    case H1Event::fault: refuse(reader_.fault()); break;
  }
  return false;
}

// Nothing more will be read from this client.
void H1ServerSide::refuse(Fault fault) {
  if (current_ == nullptr) begin_transaction();
  keeps_ = false;
  request_done_ = true;
  stage_ = Stage::waiting;
  events_.fault(*current_, fault);
}

void H1ServerSide::begin_transaction() {
  current_ = &transactions_.open(++count_);
  std::swap(current_->request, next_);
  next_.clear();
  stage_ = Stage::body;
  response_done_ = request_done_ = false;
  thrown_away_ = moved_ = 0;
  moved_on_ = true;
  input_.forget_body();
  keeps_ = keeps_ && current_->request.keeps_alive;
}

void H1ServerSide::take_body(std::span<const std::uint8_t> bytes) {
  moved_ += bytes.size();
  if (moved_ >= kMovesOn) {
    moved_ = 0;
    moved_on_ = true;
  }
  if (current_->answered_here) {
    thrown_away_ += bytes.size();
    if (thrown_away_ > kMostThrownAway) {
      keeps_ = false;
      settle_transaction();
    }
    return;
  }
  input_.count_body(bytes.size());
  events_.body(*current_, bytes);
}

void H1ServerSide::send_head(Transaction& transaction) {
  auto& response = transaction.response;
  const H1Reader client{.version = transaction.request.version, .to_head = transaction.request.method == "HEAD"};
  if (response.is_informational()) {
    if (client.version != Version::http1_0) write_head(response, client, output_.buffer());
    return;
  }
  // What the client may still be sending of its body, or not, is not to be told apart from a next request.
  if (transaction.answered_here && transaction.expects_continue && !request_done_) keeps_ = false;
  keeps_ = keeps_ && response.keeps_alive && !(input_ended_ && input_.kept() == 0);
  response.keeps_alive = keeps_;
  const bool delimits_itself = client.version != Version::http1_0 || response.body.kind != Body::Kind::streamed;
  if (!delimits_itself) response.keeps_alive = keeps_ = false;
  const auto framing = write_head(response, client, output_.buffer());
  if (framing == H1Framing::until_close) keeps_ = false;
  output_.frame_as(framing);
  if (framing != H1Framing::tunnel) return;
  stage_ = Stage::tunnel;
  request_done_ = false;
}

void H1ServerSide::send_body(Transaction&, std::span<const std::uint8_t> bytes) { output_.add_body(bytes); }

void H1ServerSide::send_end(Transaction&, const Fields& trailers) {
  output_.add_end(trailers);
  response_done_ = true;
  if (stage_ == Stage::tunnel) {
    keeps_ = false;
    if (!request_done_ && closing_ == Closing::no) {
      closing_ = Closing::half;
      return;
    }
  }
  settle_transaction();
}

void H1ServerSide::cancel(Transaction&, ErrorCode) { close(Closing::abrupt); }

void H1ServerSide::go_away(ErrorCode) {
  keeps_ = false;
  if (current_ == nullptr) return close(Closing::in_order);
  settle_transaction();
}

bool H1ServerSide::expire(Time now, const Timeouts& timeouts) {
  const auto most = patience(timeouts);
  if (!most || now - since_ < *most) return false;
  if (response_done_ && current_ != nullptr)
    close(Closing::in_order);  // it was answered already: nobody waits for the rest of its body
  else
    refuse(Fault::timeout);
  return true;
}

// With what is unfinished, if anything is.
std::optional<std::chrono::milliseconds> H1ServerSide::patience(const Timeouts& timeouts) const {
  if (closing_ != Closing::no || !can_read()) return std::nullopt;
  if (stage_ == Stage::head && (input_.kept() > 0 || !reader_.is_between_messages())) return timeouts.head;
  if (stage_ != Stage::body || current_ == nullptr || current_->awaits_continue()) return std::nullopt;
  return current_->request.body.kind == Body::Kind::sized ? std::optional(timeouts.body) : std::nullopt;
}

// After both are over the next request is read; where the connection is not to be used again, it closes with the
// response, whatever else the client is sending.
void H1ServerSide::settle_transaction() {
  if (current_ == nullptr || !response_done_) return;
  if (!request_done_ && keeps_) return;
  if (!keeps_) return close(Closing::in_order);
  std::exchange(current_, nullptr)->client_closed = true;
  stage_ = Stage::head;
  moved_on_ = true;
}

void H1ServerSide::close(Closing how) {
  if (!is_over()) closing_ = how;
  if (current_ == nullptr) return;
  auto& transaction = *std::exchange(current_, nullptr);
  transaction.client_closed = true;
  if (!request_done_ || !response_done_) events_.cancelled(transaction, ErrorCode::cancel);
}

// The client sends no more: what it sent whole is still answered.
void H1ServerSide::settle_end() {
  if (is_over() || has_more_to_read()) return;  // `advance` reads that first
  if (stage_ == Stage::tunnel) {
    if (std::exchange(request_done_, true)) return;
    events_.end(*current_, {});
    if (response_done_) close(Closing::in_order);
    return;
  }
  if (can_read()) close(Closing::in_order);
}

}  // namespace weir::http
