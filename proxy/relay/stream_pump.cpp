#include "proxy/relay/stream_pump.hpp"

#include <algorithm>
#include <cstring>

namespace weir::relay {

using Io = net::Stream::Io;

PumpState StreamPump::step() {
  const bool is_over =
      state_ == PumpState::finished || state_ == PumpState::read_failed || state_ == PumpState::write_failed;
  return is_over ? state_ : state_ = turn();
}

PumpState StreamPump::turn() {
  for (int i = 0; i < kStepsATurn; ++i) {
    bool progress = false;
    const auto state = at_end_ ? carry_end() : leftover_size_ > 0 ? flush_leftover(progress) : move_once(progress);
    if (!progress) return state;
  }
  return PumpState::moving;
}

PumpState StreamPump::move_once(bool& progress) {
  const auto scratch = resources_.scratch();
  const auto read = from_.read(scratch);
  if (read.state == Io::State::wait) return PumpState::blocked;
  if (read.state == Io::State::failed) {
    error_ = from_.error();
    return PumpState::read_failed;
  }
  if (read.state == Io::State::end) {
    at_end_ = true;
    return carry_end();
  }
  const auto bytes = scratch.first(read.size);
  const auto written = to_.write(bytes);
  if (written.state == Io::State::failed) return write_failed();
  const auto taken = written.state == Io::State::moved ? written.size : 0;
  total_ += taken;
  progress = taken == bytes.size();
  if (!progress) keep_leftover(bytes.subspan(taken));
  return PumpState::blocked;
}

void StreamPump::keep_leftover(std::span<const std::uint8_t> bytes) {
  leftover_ = std::make_unique_for_overwrite<std::uint8_t[]>(bytes.size());
  std::memcpy(leftover_.get(), bytes.data(), bytes.size());
  leftover_begin_ = 0;
  leftover_size_ = static_cast<std::uint32_t>(bytes.size());
}

PumpState StreamPump::flush_leftover(bool& progress) {
  const auto written = to_.write({leftover_.get() + leftover_begin_, leftover_size_});
  if (written.state == Io::State::failed) return write_failed();
  const auto taken = written.state == Io::State::moved ? static_cast<std::uint32_t>(written.size) : 0;
  total_ += taken;
  leftover_begin_ += taken;
  leftover_size_ -= taken;
  progress = taken > 0;
  if (leftover_size_ == 0) leftover_.reset();
  return PumpState::blocked;
}

PumpState StreamPump::carry_end() {
  const auto finished = to_.finish(!from_.is_truncated(), close_follows_);
  if (finished.state == Io::State::failed) return write_failed();
  return finished.state == Io::State::wait ? PumpState::blocked : PumpState::finished;
}

PumpState StreamPump::write_failed() {
  error_ = to_.error();
  leftover_.reset();
  leftover_size_ = 0;
  return PumpState::write_failed;
}

}  // namespace weir::relay
