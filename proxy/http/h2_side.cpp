#include "proxy/http/h2_side.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace weir::http {
namespace {

// What is gathered of frames before it goes out; and what may wait before the peer is read no more: it does not read
// what it asks for.
constexpr std::size_t kGathered = 64 * 1024;
constexpr std::size_t kMostUnread = 256 * 1024;
constexpr std::size_t kOnItsWay = 1024;

// A reset that a peer brings this side to is one of its own (CVE-2025-8671).
bool is_provoked(std::uint32_t code) {
  return code == NGHTTP2_PROTOCOL_ERROR || code == NGHTTP2_FLOW_CONTROL_ERROR || code == NGHTTP2_STREAM_CLOSED ||
         code == NGHTTP2_FRAME_SIZE_ERROR;
}

}  // namespace

Body take_length(Fields& fields) {
  Body body{.kind = Body::Kind::streamed, .size = 0};
  const auto told = fields.get("content-length");
  if (told.empty()) return body;
  body.kind = Body::Kind::sized;
  std::from_chars(told.data(), told.data() + told.size(), body.size);
  fields.remove("content-length");
  return body;
}

Transaction* H2Side::transaction(std::int32_t stream) {
  return static_cast<Transaction*>(nghttp2_session_get_stream_user_data(session(), stream));
}

void H2Side::receive(std::span<const std::uint8_t> bytes) {
  if (broken_ || blamed_ || bytes.empty()) return;
  const auto known = nghttp2_session_get_last_proc_stream_id(session());
  const auto unfinished = walk_.unfinished();
  walk_.walk(bytes, [&](const H2FrameWalk::Head& head) { charge(head, known); });
  if (walk_.unfinished() != unfinished) head_since_ = now_;
  if (overdrawn_) return end_connection(ErrorCode::enhance_your_calm);
  const auto taken = nghttp2_session_mem_recv(session(), bytes.data(), bytes.size());
  if (taken == NGHTTP2_ERR_CALLBACK_FAILURE || taken == NGHTTP2_ERR_FLOODED)
    end_connection(ErrorCode::enhance_your_calm);
  else if (taken < 0)
    end_connection(ErrorCode::protocol_error);
}

void H2Side::end_connection(ErrorCode code) {
  if (blamed_) return;
  blamed_ = code;
  going_away_ = true;
  nghttp2_session_terminate_session(session(), static_cast<std::uint32_t>(code));
  leave_streams();
  events_.going_away(code);
}

// Each that is open here ends; nghttp2 has them still, and is to know none of their transactions any more.
void H2Side::leave_streams() {
  transactions_.for_each([this](Transaction& transaction) {
    if (!takes(transaction)) return;
    nghttp2_session_set_stream_user_data(session(), stream_of(transaction), nullptr);
    closed(transaction, ErrorCode::internal_error);
  });
}

void H2Side::receive_end(bool) {
  input_ended_ = going_away_ = true;
  broken_ = true;
  leave_streams();
  events_.going_away(ErrorCode::no_error);
}

std::optional<Time> H2Side::head_since() const {
  return walk_.unfinished() ? std::optional(head_since_) : std::nullopt;
}

void H2Side::advance(Time now) {
  now_ = now;
  budget_.refill(now);
  if (overdrawn_) end_connection(ErrorCode::enhance_your_calm);
}

void H2Side::spend(double cost) { overdrawn_ = !budget_.spend(cost) || overdrawn_; }

bool H2Side::wants_input() const {
  return !input_ended_ && !broken_ && !blamed_ && output_.size() - output_begin_ < kMostUnread;
}

std::span<const std::uint8_t> H2Side::output() {
  if (output_.size() == output_begin_ && !broken_) fill_output();
  return {reinterpret_cast<const std::uint8_t*>(output_.data()) + output_begin_, output_.size() - output_begin_};
}

void H2Side::fill_output() {
  // Behind the last GOAWAY of a connection that is given up nothing goes out.
  while (output_.size() < kGathered && nghttp2_session_want_write(session()) != 0) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session(), &bytes);
    if (size < 0) broken_ = true;
    if (size <= 0) return;
    output_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
}

void H2Side::written(std::size_t size) {
  output_begin_ += size;
  if (output_begin_ < output_.size()) return;
  output_begin_ = 0;
  output_.clear();
}

void H2Side::rest() {
  if (output_.empty()) std::string().swap(output_);
}

Wire::Closing H2Side::closing() const {
  if (broken_) return input_ended_ ? Closing::in_order : Closing::abrupt;
  const bool is_over =
      nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0;
  return is_over ? Closing::in_order : Closing::no;
}

void H2Side::send_body(Transaction& transaction, std::span<const std::uint8_t> bytes) {
  waiting_of(transaction).add(bytes);
  nghttp2_session_resume_data(session(), stream_of(transaction));
}

void H2Side::send_end(Transaction& transaction, const Fields& trailers) {
  waiting_of(transaction).end(trailers);
  nghttp2_session_resume_data(session(), stream_of(transaction));
}

// As good as sent: whoever it came from may go on.
void H2Side::drop_waiting(Transaction& transaction) {
  auto& waiting = waiting_of(transaction);
  const auto size = waiting.size();
  waiting.clear();
  if (size > 0) events_.drained(transaction, size);
}

void H2Side::cancel(Transaction& transaction, ErrorCode code) {
  drop_waiting(transaction);
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, stream_of(transaction), static_cast<std::uint32_t>(code));
}

void H2Side::consume(Transaction& transaction, std::size_t size) {
  if (!takes(transaction)) return;
  nghttp2_session_consume_stream(session(), stream_of(transaction), size);
  widen(stream_of(transaction));
}

// What is read may come faster, as far as there is room for it.
void H2Side::widen(std::int32_t stream) {
  if (wide_.size() >= limits_.wide_streams || std::ranges::find(wide_, stream) != wide_.end()) return;
  wide_.push_back(stream);
  nghttp2_session_set_local_window_size(session(), NGHTTP2_FLAG_NONE, stream, limits_.wide_window);
}

void H2Side::forget_stream(const Transaction& transaction) { std::erase(wide_, stream_of(transaction)); }

// What a frame costs its sender. `known`: the client's last stream before these bytes.
void H2Side::charge(const H2FrameWalk::Head& head, std::int32_t known) {
  const bool acknowledges = (head.flags & NGHTTP2_FLAG_ACK) != 0;
  const bool is_new = role_ == Role::server && head.stream > known;
  switch (head.type) {
    case NGHTTP2_HEADERS:  // a client's stream, of which there are so many at once
      if (!is_new && transaction(head.stream) == nullptr) spend();
      break;
    case NGHTTP2_DATA: {
      // Of a stream that is over nobody hears any more; what was on its way when it was given up comes in large frames.
      const bool is_unheard = !is_new && transaction(head.stream) == nullptr && head.length < kOnItsWay;
      const bool is_empty = head.length == 0 && (head.flags & NGHTTP2_FLAG_END_STREAM) == 0;
      if (is_empty || is_unheard) spend();
      break;
    }
    case NGHTTP2_SETTINGS:
      if (!acknowledges) spend();
      break;
    case NGHTTP2_RST_STREAM: spend(H2Budget::kReset); break;
    default: spend(); break;
  }
}

int H2Side::on_header(std::int32_t stream, std::string_view name, std::string_view value) {
  constexpr std::size_t kEach = 32;  // RFC 9113, 6.5.2
  auto* found = transaction(stream);
  list_size_ += name.size() + value.size() + kEach;
  if (found == nullptr || head_is_too_large()) return 0;
  if (is_trailers_)
    trailers_.add(name, trimmed(value));
  else if (name.starts_with(':'))
    take_pseudo(*found, name, value);
  else
    fields_of(*found).add(name, trimmed(value));
  return 0;
}

void H2Side::on_frame(const nghttp2_frame& frame) {
  const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame.hd.type == NGHTTP2_SETTINGS && (frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) return take_settings();
  if (frame.hd.type == NGHTTP2_GOAWAY) {
    going_away_ = true;
    return events_.going_away(static_cast<ErrorCode>(frame.goaway.error_code));
  }
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  auto* found = transaction(frame.hd.stream_id);
  if (found == nullptr) return;
  if (frame.hd.type == NGHTTP2_HEADERS) return on_headers(*found, ends);
  if (ends) return events_.end(*found, {});
  if (frame.hd.length > 0 && frame.hd.length <= frame.data.padlen) spend();  // nothing but padding
}

void H2Side::on_headers(Transaction& transaction, bool ends) {
  if (head_is_too_large())
    events_.fault(transaction, Fault::head_too_large);
  else if (!is_trailers_)
    take_head(transaction, ends);
  // The head of an informational response never ends its stream (RFC 9113, 8.1).
  if (ends) events_.end(transaction, trailers_);
}

void H2Side::on_data(Transaction& transaction, std::span<const std::uint8_t> bytes) {
  took_body(transaction, bytes.size());
  events_.body(transaction, bytes);
}

void H2Side::on_sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_DATA) budget_.earn_by_data(frame.hd.length);
  if (frame.hd.type == NGHTTP2_RST_STREAM && is_provoked(frame.rst_stream.error_code)) spend(H2Budget::kReset);
  const bool may_end = frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS;
  if (may_end && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
    if (auto* found = transaction(frame.hd.stream_id)) end_sent(*found);
  if (frame.hd.type != NGHTTP2_GOAWAY || frame.goaway.error_code == NGHTTP2_NO_ERROR || blamed_) return;
  // nghttp2 found a connection error (RFC 9113, 5.4.1).
  blamed_ = static_cast<ErrorCode>(frame.goaway.error_code);
  going_away_ = true;
  leave_streams();
  events_.going_away(*blamed_);
}

// A head that nghttp2 will not send: whoever waits for it is told. It closes a stream that was to be opened by itself.
void H2Side::on_not_sent(const nghttp2_frame& frame, int error) {
  const bool opens = frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
  if (frame.hd.type != NGHTTP2_HEADERS || opens || error == NGHTTP2_ERR_STREAM_CLOSING) return;
  if (transaction(frame.hd.stream_id) != nullptr)
    nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_INTERNAL_ERROR);
}

ssize_t H2Side::read_body(Transaction& transaction, std::span<std::uint8_t> into, std::uint32_t& flags) {
  auto& waiting = waiting_of(transaction);
  const auto bytes = waiting.bytes();
  const auto size = std::min(bytes.size(), into.size());
  std::copy_n(bytes.begin(), size, into.begin());
  waiting.take(size);
  if (waiting.size() == 0 && waiting.ended()) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!waiting.trailers().empty()) {
      flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      block_.clear();
      block_.add(waiting.trailers());
      nghttp2_submit_trailer(session(), stream_of(transaction), block_.data(), block_.size());
    }
  } else if (size == 0) {
    return NGHTTP2_ERR_DEFERRED;
  }
  if (size > 0) events_.drained(transaction, size);
  return static_cast<ssize_t>(size);
}

}  // namespace weir::http
