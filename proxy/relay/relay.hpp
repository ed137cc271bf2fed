// Both directions of a flow, and the rule of its end: a direction's end is carried over and leaves the other open; an
// error of one side is passed on once everything that side had sent before is delivered.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "proxy/relay/exchange.hpp"
#include "proxy/relay/pump.hpp"
#include "proxy/relay/stream_pump.hpp"

namespace weir::relay {

template <typename AnyPump>
class TwoPumps : public Exchange {
 public:
  Next step() final;

  const std::optional<Failure>& failure() const final { return failure_; }
  std::uint64_t bytes_from_client() const final { return to_upstream_.total(); }
  std::uint64_t bytes_to_client() const final { return to_client_.total(); }
  std::uint64_t bytes_spliced() const final { return to_upstream_.spliced() + to_client_.spliced(); }
  bool client_finished() const final { return to_upstream_.state() == PumpState::finished; }

 protected:
  template <typename End, typename... Options>
  TwoPumps(Resources& resources, End& client, End& upstream, Options... options)
      : to_upstream_(resources, client, upstream, options...), to_client_(resources, upstream, client, options...) {}

  AnyPump to_upstream_;
  AnyPump to_client_;

 private:
  void note_failure(const AnyPump&, flow::Side reader, flow::Side writer);

  std::optional<Failure> failure_;
};

// Of sockets, unread.
class Relay : public TwoPumps<Pump> {
 public:
  Relay(Resources& resources, net::Watch& client, net::Watch& upstream, bool can_splice)
      : TwoPumps(resources, client, upstream, can_splice) {}

  // Before the first step: what the client sent and was read already; who looks at what it sends first.
  void begin_with(std::span<const std::uint8_t> from_client) { to_upstream_.begin_with(from_client); }
  void show_first_bytes(FirstBytes* observer) { to_upstream_.show_first_bytes(observer); }
};

// Of what streams carry.
class StreamRelay : public TwoPumps<StreamPump> {
 public:
  StreamRelay(Resources& resources, net::Stream& client, net::Stream& upstream)
      : TwoPumps(resources, client, upstream) {}

  // Before the first step, as above.
  void begin_with(std::span<const std::uint8_t> from_client) { to_upstream_.begin_with(from_client); }
};

}  // namespace weir::relay
