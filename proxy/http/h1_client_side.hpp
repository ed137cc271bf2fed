// Towards an origin that speaks HTTP/1: one transaction at a time. Pure.
#pragma once

#include "proxy/http/h1_input.hpp"
#include "proxy/http/h1_output.hpp"
#include "proxy/http/h1_reader.hpp"
#include "proxy/http/side.hpp"

namespace weir::http {

class H1ClientSide final : public Side {
 public:
  explicit H1ClientSide(Events& events) : events_(events) {}

  void receive(std::span<const std::uint8_t>) override;
  void receive_end(bool in_order) override;
  void lose() override;
  void advance(Time now) override;
  bool wants_input() const override;
  std::span<const std::uint8_t> output() override { return output_.pending(); }
  void written(std::size_t size) override;
  void rest() override { output_.rest(); }
  Closing closing() const override { return closing_; }

  bool can_begin() const override { return current_ == nullptr && keeps_ && input_.kept() == 0; }
  void send_head(Transaction&) override;
  void send_body(Transaction&, std::span<const std::uint8_t> bytes) override { output_.add_body(bytes); }
  void send_end(Transaction&, const Fields& trailers) override;
  void cancel(Transaction&, ErrorCode) override;
  void consume(Transaction&, std::size_t size) override { input_.consume(size); }
  void go_away(ErrorCode) override;

  bool is_going_away() const override { return !keeps_; }
  bool speaks_http2() const override { return false; }

 private:
  std::size_t process(std::span<const std::uint8_t>);
  bool take(const H1Step&);
  void take_head();
  void take_end(const Fields& trailers);
  bool is_over() const { return closing_ == Closing::in_order || closing_ == Closing::abrupt; }
  bool can_read() const;
  // The end of a message may be told without more bytes.
  bool has_more_to_read() const { return reads_on_ || input_.kept() > 0; }
  void settle_end();
  void settle_transaction();
  void hang_up();
  void break_off();

  Events& events_;
  H1ResponseReader reader_;
  Transaction* current_ = nullptr;
  H1Input input_;
  H1Output output_;
  Closing closing_ = Closing::no;
  bool keeps_ = true;  // the connection, after the transaction that is on
  bool tunnel_ = false;
  bool informational_ = false;  // the message that is being read
  bool request_done_ = false;
  bool response_done_ = false;
  bool input_ended_ = false;
  bool reads_on_ = false;  // the reader stopped for want of room, not of bytes
  bool truncated_ = false;
  bool asked_ = false;  // some of the request went out
};

}  // namespace weir::http
