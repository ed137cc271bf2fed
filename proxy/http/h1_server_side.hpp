// Towards a client that speaks HTTP/1: one transaction at a time, so pipelined requests wait for the response to the
// one before them. Pure.
#pragma once

#include "proxy/http/h1_input.hpp"
#include "proxy/http/h1_output.hpp"
#include "proxy/http/h1_reader.hpp"
#include "proxy/http/side.hpp"

namespace weir::http {

class H1ServerSide final : public Side {
 public:
  H1ServerSide(Transactions& transactions, Events& events) : transactions_(transactions), events_(events) {}

  void receive(std::span<const std::uint8_t>) override;
  void receive_end(bool in_order) override;
  void lose() override { close(Closing::abrupt); }
  void advance(Time now) override;
  bool wants_input() const override;
  std::span<const std::uint8_t> output() override { return output_.pending(); }
  void written(std::size_t size) override { output_.written(size, current_, events_); }
  void rest() override {
    output_.rest();
    if (current_ == nullptr && reader_.is_between_messages()) next_ = {};
  }
  Closing closing() const override { return closing_; }

  void send_head(Transaction&) override;
  void send_body(Transaction&, std::span<const std::uint8_t>) override;
  void send_end(Transaction&, const Fields& trailers) override;
  void cancel(Transaction&, ErrorCode) override;
  void consume(Transaction&, std::size_t size) override { input_.consume(size); }
  void go_away(ErrorCode) override;

  bool is_going_away() const override { return !keeps_; }
  bool speaks_http2() const override { return false; }
  bool expire(Time now, const Timeouts&) override;

 private:
  enum class Stage : std::uint8_t { head, body, waiting, tunnel };

  std::size_t process(std::span<const std::uint8_t>);
  std::size_t process_tunnel(std::span<const std::uint8_t>);
  bool take(const H1Step&);
  void take_body(std::span<const std::uint8_t>);
  void begin_transaction();
  void refuse(Fault);
  bool is_over() const { return closing_ == Closing::in_order || closing_ == Closing::abrupt; }
  bool can_read() const;
  // The end of a message may be told without more bytes.
  bool has_more_to_read() const { return reads_on_ || input_.kept() > 0; }
  std::optional<std::chrono::milliseconds> patience(const Timeouts&) const;
  void settle_end();
  void settle_transaction();
  void close(Closing);

  Transactions& transactions_;
  Events& events_;
  H1RequestReader reader_;
  Request next_;
  Transaction* current_ = nullptr;
  H1Input input_;
  H1Output output_;
  Stage stage_ = Stage::head;
  Closing closing_ = Closing::no;
  bool keeps_ = true;  // the connection, after the transaction that is on
  bool response_done_ = false;
  bool request_done_ = false;
  bool input_ended_ = false;
  bool reads_on_ = false;  // the reader stopped for want of room, not of bytes
  std::uint64_t count_ = 0;
  std::uint64_t thrown_away_ = 0;  // of the body of a request that weir answered
  Time since_;                     // the head began, or the body last moved on
  bool moved_on_ = true;           // the next `advance`, which knows the time, is to say that it is now
  std::size_t moved_ = 0;          // of the body, since then
};

}  // namespace weir::http
