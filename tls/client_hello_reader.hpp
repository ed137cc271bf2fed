// A client's first bytes → its ClientHello, however they are cut. No I/O; the bytes are hostile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tls/alert.hpp"
#include "tls/client_hello.hpp"
#include "tls/sslv2_hello.hpp"

namespace weir::tls {

struct ClientHelloLimits {
  std::size_t message_bytes = 64 * 1024;  // of the hello, without record and handshake headers
  std::size_t records = 1024;             // it may be spread over
};

// Feed it the connection's bytes from the first one on, each once, until it answers something else than need_more. From
// then on the answer stays, and further bytes are ignored. The work is linear in the bytes. A hello that lies whole in
// one record of one feed is read in place; otherwise at most the message and one record are held, until the answer.
class ClientHelloReader {
 public:
  enum class Status : std::uint8_t {
    need_more,
    done,       // hello() is there; what follows starts at its stream_bytes, perhaps within the last feed
    not_tls,    // does not start with a TLS handshake record
    sslv2,      // a hello in SSL 2.0's form; see refusal()
    invalid,    // TLS, but malformed or forbidden; see refusal()
    too_large,  // over the limits; see refusal()
  };

  explicit ClientHelloReader(ClientHelloLimits limits = {}) : limits_(limits) {}

  Status feed(std::span<const std::uint8_t> bytes);
  Status status() const { return status_; }

  // Once done; before, and otherwise, it is empty.
  const ClientHello& hello() const& { return hello_; }
  ClientHello hello() && { return std::move(hello_); }

  // What to tell the client, and why: after sslv2, invalid and too_large. Not TLS gets no answer.
  const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  using Bytes = std::span<const std::uint8_t>;

  void take_header(std::uint8_t byte);
  void begin_record(std::size_t length);
  Bytes take_payload(Bytes bytes);
  void take_fragment(Bytes fragment);
  void read_message(Bytes body);
  void end(Status, std::optional<Refusal> = std::nullopt);

  ClientHelloLimits limits_;
  Status status_ = Status::need_more;
  std::array<std::uint8_t, kSslv2HelloHeader> header_{};  // of a record, or what may be SSL 2.0's hello
  std::size_t header_size_ = 0;                           // bytes of it that have come
  std::size_t record_left_ = 0;                           // bytes of the record's payload still to come
  std::size_t records_ = 0;
  std::size_t stream_bytes_ = 0;
  std::vector<std::uint8_t> message_;  // from its handshake header on; empty while it can be read in place
  ClientHello hello_;
  std::optional<Refusal> refusal_;
};

}  // namespace weir::tls
