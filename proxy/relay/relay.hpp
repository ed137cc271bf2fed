// Both directions of a flow, and the rule of its end: a direction's end is carried over and leaves the other open; an
// error of one side is passed on once everything that side had sent before is delivered.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <system_error>

#include "proxy/flow/end.hpp"
#include "proxy/relay/pump.hpp"

namespace weir::relay {

class Relay {
 public:
  enum class Next : std::uint8_t {
    again,  // more to do at once, after others had their turn
    wait,   // for news of either socket
    over,
  };

  struct Failure {
    flow::Side side;
    std::error_code error;
  };

  Relay(Resources& resources, net::Watch& client, net::Watch& upstream, bool can_splice)
      : to_upstream_(resources, client, upstream, can_splice), to_client_(resources, upstream, client, can_splice) {}

  // Before the first step: what the client sent and was read already; who looks at what it sends first.
  void begin_with(std::span<const std::uint8_t> from_client) { to_upstream_.begin_with(from_client); }
  void show_first_bytes(FirstBytes* observer) { to_upstream_.show_first_bytes(observer); }

  Next step();

  // The side that failed, once one did; the flow may still be delivering what that side sent before.
  const std::optional<Failure>& failure() const { return failure_; }
  std::uint64_t bytes_from_client() const { return to_upstream_.total(); }
  std::uint64_t bytes_to_client() const { return to_client_.total(); }
  std::uint64_t bytes_spliced() const { return to_upstream_.spliced() + to_client_.spliced(); }
  bool client_finished() const { return to_upstream_.state() == Pump::State::finished; }

 private:
  void note_failure(const Pump&, flow::Side reader, flow::Side writer);

  Pump to_upstream_;
  Pump to_client_;
  std::optional<Failure> failure_;
};

}  // namespace weir::relay
