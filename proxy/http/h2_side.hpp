// What both sides that speak HTTP/2 have in common: a session of nghttp2's (RFC 9113), its frames in and out, windows
// that open as the other side takes what came, and the budget for frames that carry nothing. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <nghttp2/nghttp2.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/h2_budget.hpp"
#include "proxy/http/h2_frame_walk.hpp"
#include "proxy/http/side.hpp"

namespace weir::http {

struct H2SessionFree {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};

// What weir tells its peers (RFC 9113, 6.5.2), and what it holds for them at most.
struct H2Limits {
  std::uint32_t streams = 100;
  std::uint32_t header_list = 64 * 1024;
  // Every stream may leave so much unread, and a few more that are being read: whatever peers do, no more waits than
  // `streams` of these and the sum of what the others have beyond. The connection's window opens at once, for a stream
  // that nobody reads must not hold up another.
  std::int32_t stream_window = 65'535;
  std::int32_t wide_window = 512 * 1024;
  std::size_t wide_streams = 8;
  std::int32_t connection_window = 1024 * 1024;
};

// Takes Content-Length out of the fields: what it says of a body that follows (nghttp2 holds the body to it).
Body take_length(Fields&);

class H2Side : public Side {
 public:
  void receive(std::span<const std::uint8_t>) final;
  void receive_end(bool in_order) final;
  void lose() final { receive_end(false); }
  void advance(Time now) final;
  bool wants_input() const final;
  std::span<const std::uint8_t> output() final;
  void written(std::size_t) final;
  void rest() final;
  Closing closing() const final;

  void send_body(Transaction&, std::span<const std::uint8_t>) final;
  void send_end(Transaction&, const Fields& trailers) final;
  void cancel(Transaction&, ErrorCode) final;
  void consume(Transaction&, std::size_t) final;

  bool speaks_http2() const final { return true; }
  std::optional<ErrorCode> blamed() const final { return blamed_; }

 protected:
  enum class Role : std::uint8_t { server, client };
  H2Side(Role, Transactions&, Events&, const H2Limits&);

  // Of the role: whose headers begin, what a pseudo field says, what is to be done once they are whole.
  virtual Transaction* begin_head(std::int32_t stream) = 0;
  virtual void take_pseudo(Transaction&, std::string_view name, std::string_view value) = 0;
  virtual Fields& fields_of(Transaction&) = 0;
  virtual void take_head(Transaction&, bool ends) = 0;
  virtual bool expects_head(const Transaction&) const = 0;  // else what comes are trailers
  virtual void closed(Transaction&, ErrorCode) = 0;
  virtual void take_settings() {}
  virtual void end_sent(Transaction&) {}  // all that was to be sent of it
  virtual void took_body(Transaction&, std::size_t) {}
  virtual Waiting& waiting_of(Transaction&) = 0;
  virtual std::int32_t stream_of(const Transaction&) const = 0;
  virtual bool takes(const Transaction&) const = 0;  // whether its stream is open on this side

  nghttp2_session* session() { return session_.get(); }
  const nghttp2_session* session() const { return session_.get(); }
  void submit_settings(std::span<const nghttp2_settings_entry>);
  void end_connection(ErrorCode);
  void drop_waiting(Transaction&);
  void leave_streams();
  void forget_stream(const Transaction&);
  bool head_is_too_large() const { return list_size_ > limits_.header_list; }
  // Since when a header block, or any frame but DATA's, is on its way from the peer.
  std::optional<Time> head_since() const;
  // Its time begins anew: it was not the peer who held it up.
  void excuse_head(Time now) { head_since_ = now; }
  Time now() const { return now_; }
  static nghttp2_data_provider provider();
  // The head or the trailers that are to be submitted, collected one by one; until the next `clear`.
  class Block {
   public:
    void clear() { entries_.clear(); }
    void add(std::string_view name, std::string_view value);
    void add(const Fields&);
    const nghttp2_nv* data() const { return entries_.data(); }
    std::size_t size() const { return entries_.size(); }

   private:
    std::vector<nghttp2_nv> entries_;
  };
  Block& block() { return block_; }

  Transactions& transactions_;
  Events& events_;
  H2Limits limits_;
  bool input_ended_ = false;
  bool going_away_ = false;

 private:
  struct Callbacks;  // nghttp2 calls these

  void spend(double cost = 1);
  void charge(const H2FrameWalk::Head&, std::int32_t known);
  int on_header(std::int32_t stream, std::string_view name, std::string_view value);
  void on_frame(const nghttp2_frame&);
  void on_headers(Transaction&, bool ends);
  void on_data(Transaction&, std::span<const std::uint8_t>);
  void on_sent(const nghttp2_frame&);
  void on_not_sent(const nghttp2_frame&, int error);
  ssize_t read_body(Transaction&, std::span<std::uint8_t> into, std::uint32_t& flags);
  Transaction* transaction(std::int32_t stream);
  void widen(std::int32_t stream);
  void fill_output();

  std::unique_ptr<nghttp2_session, H2SessionFree> session_;
  Block block_;
  std::string output_;
  std::size_t output_begin_ = 0;
  Role role_;
  H2FrameWalk walk_;
  Time now_;
  Time head_since_;
  H2Budget budget_;
  bool overdrawn_ = false;
  std::optional<ErrorCode> blamed_;
  std::size_t list_size_ = 0;       // of the headers that are being read
  Fields trailers_;                 // those that are being read
  std::vector<std::int32_t> wide_;  // streams
  bool is_trailers_ = false;
  bool broken_ = false;
};

}  // namespace weir::http
