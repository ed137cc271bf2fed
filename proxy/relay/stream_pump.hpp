// One direction of a flow whose ends are streams: reads into the worker's scratch buffer and writes on. What a slow
// reader does not take is kept, and its sender is read no more until it is gone. An idle direction holds nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <system_error>

#include "proxy/net/stream.hpp"
#include "proxy/relay/pump_state.hpp"
#include "proxy/relay/resources.hpp"

namespace weir::relay {

class StreamPump {
 public:
  StreamPump(Resources& resources, net::Stream& from, net::Stream& to) : resources_(resources), from_(from), to_(to) {}
  StreamPump(const StreamPump&) = delete;
  StreamPump& operator=(const StreamPump&) = delete;

  // Before the first step: bytes of `from` that were read already.
  void begin_with(std::span<const std::uint8_t> bytes) {
    if (!bytes.empty()) keep_leftover(bytes);
  }

  PumpState step();
  // The other direction has ended: after this one's end both sockets are closed, which carries it as well.
  void close_follows() { close_follows_ = true; }

  PumpState state() const { return state_; }
  std::error_code error() const { return error_; }  // of read_failed and write_failed
  bool holds_bytes() const { return leftover_size_ > 0; }
  std::uint64_t total() const { return total_; }  // bytes `to` has taken
  static constexpr std::uint64_t spliced() { return 0; }

 private:
  PumpState turn();
  PumpState move_once(bool& progress);
  PumpState flush_leftover(bool& progress);
  PumpState carry_end();
  PumpState write_failed();
  void keep_leftover(std::span<const std::uint8_t> bytes);

  Resources& resources_;
  net::Stream& from_;
  net::Stream& to_;
  std::unique_ptr<std::uint8_t[]> leftover_;
  std::uint32_t leftover_begin_ = 0;
  std::uint32_t leftover_size_ = 0;
  std::uint64_t total_ = 0;
  std::error_code error_;
  bool close_follows_ = false;
  bool at_end_ = false;  // of `from`; `to` is still to be told
  PumpState state_ = PumpState::blocked;
};

}  // namespace weir::relay
