// One side of a flow as messages: towards the client weir is the server, towards the origin the client. HTTP/1 and
// HTTP/2 look the same from here. Pure: bytes in and out, no sockets; the time is an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "proxy/http/fault.hpp"
#include "proxy/http/transaction.hpp"

namespace weir::http {

using Time = std::chrono::steady_clock::time_point;

// How long a head may take once it has begun, and a body of a told length for its next kMovesOn bytes: one that moves
// on by less is as good as one that stands still.
struct Timeouts {
  std::chrono::milliseconds head{std::chrono::seconds(10)};
  std::chrono::milliseconds body{std::chrono::seconds(30)};
};
inline constexpr std::size_t kMovesOn = 1024;

// RFC 9113, 7: why a stream or a connection ends early. HTTP/1 knows only that it does.
enum class ErrorCode : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  refused_stream = 7,
  cancel = 8,
  enhance_your_calm = 11,
};

// What a side tells of what it reads and of what went out. A transaction's object stays until after the call.
class Events {
 public:
  virtual ~Events() = default;
  // The head is in `request`, or in `response` (an informational one, or the final one).
  virtual void head(Transaction&) = 0;
  virtual void body(Transaction&, std::span<const std::uint8_t>) = 0;
  virtual void end(Transaction&, const Fields& trailers) = 0;
  // So many bytes of the body that this side was given went out, so as many more may come.
  virtual void drained(Transaction&, std::size_t) = 0;
  // The peer gave up on it, or its connection broke. No more comes of it and no more is sent.
  virtual void cancelled(Transaction&, ErrorCode) = 0;
  // What the peer sent is not to be understood. HTTP/1: and nothing after it.
  virtual void fault(Transaction&, Fault) = 0;
  // The peer takes no new transactions (GOAWAY), or this side gave the connection up and all on it (`blamed`).
  virtual void going_away(ErrorCode) = 0;
};

// The connection's bytes.
class Wire {
 public:
  virtual ~Wire() = default;

  // Takes all of them; events come from within.
  virtual void receive(std::span<const std::uint8_t>) = 0;
  // No more bytes will come. `in_order`: the peer said so.
  virtual void receive_end(bool in_order) = 0;
  // The connection broke: nothing comes and nothing can be sent any more.
  virtual void lose() = 0;
  // Goes on with what could not be read earlier. Called after anything has happened.
  virtual void advance(Time now) = 0;
  // False while what was read has to be taken elsewhere first.
  virtual bool wants_input() const = 0;

  // What is to be sent next; as many of its bytes as went out are then `written`.
  virtual std::span<const std::uint8_t> output() = 0;
  virtual void written(std::size_t) = 0;

  // Nothing is on, and may not be for long: memory is given back.
  virtual void rest() = 0;

  // What becomes of the connection once all output is out.
  enum class Closing : std::uint8_t {
    no,
    half,  // nothing more will be sent, but more may come
    in_order,
    abrupt,  // the peer is to see that something is missing
  };
  virtual Closing closing() const = 0;
};

// Its messages.
class Messages {
 public:
  virtual ~Messages() = default;

  // To the client: `response`, which may be informational. Upstream: `request`.
  virtual void send_head(Transaction&) = 0;
  virtual void send_body(Transaction&, std::span<const std::uint8_t>) = 0;
  virtual void send_end(Transaction&, const Fields& trailers) = 0;
  virtual void cancel(Transaction&, ErrorCode) = 0;
  // So many bytes of the body that came from here were taken: the peer may send as many more.
  virtual void consume(Transaction&, std::size_t) = 0;
  // No new transactions any more; the connection closes when those that are on have ended.
  virtual void go_away(ErrorCode) = 0;
};

class Side : public Wire, public Messages {
 public:
  // Upstream: whether a transaction may begin now. Otherwise it waits its turn, or, where the side goes away, for ever.
  virtual bool can_begin() const { return true; }
  virtual bool is_going_away() const = 0;
  // RFC 8441: the peer takes extended CONNECT; tell the peer that it may send it.
  virtual bool takes_extended_connect() const { return false; }
  virtual void offer_extended_connect() {}
  virtual bool speaks_http2() const = 0;
  // Why this side ended the connection, where the peer is to blame for it; no_error: it took too long.
  virtual std::optional<ErrorCode> blamed() const { return std::nullopt; }
  // Ends what the peer has left unfinished for too long while nothing of weir's held it up. About once a second; true
  // where something was ended.
  virtual bool expire(Time, const Timeouts&) { return false; }
};

}  // namespace weir::http
