// One direction of a relay: moves what one socket has to the other, keeps order, loses nothing, holds no buffer while
// nothing moves.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "proxy/net/poller.hpp"
#include "proxy/relay/pump_state.hpp"
#include "proxy/relay/resources.hpp"

namespace weir::relay {

// Looks at a direction's first bytes as they pass by.
class FirstBytes {
 public:
  virtual ~FirstBytes() = default;
  // False once it has seen enough.
  virtual bool look(std::span<const std::uint8_t> bytes) = 0;
};

class Pump {
 public:
  using State = PumpState;

  // Splices where `can_splice` (both ends plain TCP) and the stream is busy enough to gain by it.
  Pump(Resources& resources, net::Watch& from, net::Watch& to, bool can_splice)
      : resources_(resources), from_(from), to_(to), can_splice_(can_splice) {}
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // Before the first step: bytes of `from` that were read already.
  void begin_with(std::span<const std::uint8_t> bytes);
  // Shows what comes first until `observer` has seen enough; it outlives the pump or is taken away with nullptr.
  void show_first_bytes(FirstBytes* observer) { observer_ = observer; }

  State step();
  // The other direction has ended: after this one's end both sockets are closed, which carries it as well.
  void close_follows() { close_follows_ = true; }

  State state() const { return state_; }
  std::error_code error() const { return error_; }  // of read_failed and write_failed
  bool holds_bytes() const { return leftover_size_ > 0 || in_pipe_ > 0; }
  std::uint64_t copied() const { return copied_; }
  std::uint64_t spliced() const { return spliced_; }
  std::uint64_t total() const { return copied_ + spliced_; }  // bytes `to` has taken

 private:
  static constexpr std::uint32_t kFirstReadLimit = 16 * 1024;
  enum class Step : std::uint8_t { progress, wait, end, read_error, write_error };

  Step copy_once();
  Step splice_once();
  Step flush_leftover();
  Step flush_pipe();
  Step read_failed();
  Step write_failed();
  Step carry_end();
  void keep_leftover(const std::uint8_t* data, std::size_t size);
  void consider_splice(std::size_t read, std::size_t room);
  void release_pipe();

  Resources& resources_;
  net::Watch& from_;
  net::Watch& to_;
  std::optional<Pipe> pipe_;
  std::unique_ptr<std::uint8_t[]> leftover_;
  std::uint32_t leftover_begin_ = 0;
  std::uint32_t leftover_size_ = 0;
  std::uint32_t in_pipe_ = 0;
  std::uint32_t read_limit_ = kFirstReadLimit;
  std::uint64_t copied_ = 0;
  std::uint64_t spliced_ = 0;
  std::error_code error_;
  std::uint8_t full_reads_ = 0;
  std::uint8_t small_splices_ = 0;
  FirstBytes* observer_ = nullptr;
  bool can_splice_;
  bool close_follows_ = false;
  State state_ = State::blocked;
};

}  // namespace weir::relay
