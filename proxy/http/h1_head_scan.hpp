// The bytes of an HTTP/1 head or of trailers, held against RFC 9112 to the letter before anything is parsed: what one
// reader would take one way and the next another way is a fault here. Pure; keeps no bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "proxy/http/fault.hpp"

namespace weir::http {

class H1HeadScan {
 public:
  enum class Of : std::uint8_t { request, response, trailers };
  struct Limits {
    std::size_t bytes;
    std::size_t fields;
  };

  H1HeadScan(Of of, const Limits& limits)
      : of_(of), limits_(limits), state_(of == Of::trailers ? State::field : State::start) {}
  void restart() { *this = H1HeadScan(of_, limits_); }

  // Bytes behind those that were scanned before. Tells how many of them are the head's: all, until it is done or at
  // fault.
  std::size_t scan(std::span<const std::uint8_t> fresh);

  bool is_done() const { return state_ == State::done; }
  Fault fault() const { return fault_; }
  // Something of it has come, beyond the empty line that may be before a request (RFC 9112, 2.2).
  bool has_begun() const { return state_ > State::method_begin; }
  std::size_t empty_line() const { return empty_line_; }  // bytes of that one
  // "HTTP/" stood in the first line: what is wrong with it is wrong HTTP.
  bool says_http() const { return says_http_; }
  // The status line ended behind the code, without the space that RFC 9112, 4 wants there. Some servers do that.
  bool ends_at_status() const { return ends_at_status_; }

 private:
  enum class State : std::uint8_t {
    start,
    empty_line_end,
    method_begin,
    method,
    target_begin,
    target,
    version,
    after_version,
    status,
    after_status,
    reason,
    line_end,
    bad_line,  // a request line that is malformed, until it is seen whether it says HTTP
    field,
    name,
    value,
    field_end,
    last_end,
    done,
    failed,
  };

  const std::uint8_t* step(const std::uint8_t* at, const std::uint8_t* end);
  bool begin(std::uint8_t byte);  // whether it was used up
  void end_target(std::uint8_t byte);
  void take_version(std::uint8_t byte);
  void end_version(std::uint8_t byte);
  void take_status(std::uint8_t byte);
  void end_status(std::uint8_t byte);
  void take_bad_line(std::uint8_t byte);
  void begin_field(std::uint8_t byte);
  void expect(std::uint8_t wanted, State then, std::uint8_t byte, Fault otherwise);
  void malformed_line(std::uint8_t byte);
  void fail(Fault fault);
  void fail_at(std::uint8_t byte, Fault otherwise);

  Of of_;
  Limits limits_;
  State state_;
  Fault fault_ = Fault::none;
  bool bad_target_ = false;
  bool says_http_ = false;
  bool ends_at_status_ = false;
  std::uint8_t matched_ = 0;  // bytes of the version, or of the status
  std::uint8_t version_ = 0;  // its two digits
  std::uint8_t empty_line_ = 0;
  std::size_t seen_ = 0;
  std::size_t fields_ = 0;
};

}  // namespace weir::http
