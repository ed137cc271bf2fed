#include "proxy/relay/pump.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>

namespace weir::relay {
namespace {

constexpr std::size_t kSpliceRoom = 1024 * 1024;  // the pipe's size limits it
// Splicing gains once a read brings at least this much; below, one copy is cheaper than the pipe.
constexpr std::size_t kWorthSplicing = 16 * 1024;
constexpr std::uint8_t kFullReadsToSplice = 2;
constexpr std::uint8_t kSmallSplicesToCopy = 16;

std::error_code last_error() { return {errno, std::system_category()}; }
bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Pump::~Pump() { release_pipe(); }

void Pump::begin_with(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return;
  keep_leftover(bytes.data(), bytes.size());
  to_.writable = true;
}

Pump::State Pump::step() {
  if (state_ == State::finished || state_ == State::read_failed || state_ == State::write_failed) return state_;
  for (int i = 0; i < kStepsATurn; ++i) {
    const auto step = leftover_size_ > 0 ? flush_leftover() : pipe_ ? splice_once() : copy_once();
    switch (step) {
      case Step::progress: continue;
      case Step::wait: return state_ = State::blocked;
      case Step::end: return state_ = State::finished;
      case Step::read_error: return state_ = State::read_failed;
      case Step::write_error: return state_ = State::write_failed;
    }
  }
  return state_ = State::moving;
}

Pump::Step Pump::copy_once() {
  if (!from_.readable) return Step::wait;
  const auto room = std::min<std::size_t>(read_limit_, resources_.scratch().size());
  auto* scratch = resources_.scratch().data();
  const auto read = recv(from_.fd(), scratch, room, 0);
  if (read == 0) return carry_end();
  if (read < 0) return read_failed();
  const auto size = static_cast<std::size_t>(read);
  // A short read emptied the socket; what comes later brings a new edge. Not so once the peer's end is queued.
  if (size < room && !from_.read_to_end) from_.readable = false;
  if (observer_ != nullptr && !observer_->look({scratch, size})) observer_ = nullptr;
  const auto sent = send(to_.fd(), scratch, size, MSG_NOSIGNAL);
  if (sent < 0 && !would_block()) return write_failed();
  const auto taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  copied_ += taken;
  if (taken < size) {
    keep_leftover(scratch + taken, size - taken);
    return Step::wait;
  }
  consider_splice(size, room);
  return Step::progress;
}

// A busy stream reads more at once, up to the scratch buffer; between two TCP sockets it goes on through a pipe.
void Pump::consider_splice(std::size_t read, std::size_t room) {
  if (read < room) {
    full_reads_ = 0;
    return;
  }
  read_limit_ = static_cast<std::uint32_t>(std::min(room * 4, resources_.scratch().size()));
  if (can_splice_ && ++full_reads_ >= kFullReadsToSplice) pipe_ = resources_.borrow_pipe();
}

void Pump::keep_leftover(const std::uint8_t* data, std::size_t size) {
  leftover_ = std::make_unique_for_overwrite<std::uint8_t[]>(size);
  std::memcpy(leftover_.get(), data, size);
  leftover_begin_ = 0;
  leftover_size_ = static_cast<std::uint32_t>(size);
  to_.writable = false;
  read_limit_ = kFirstReadLimit;  // `to` is the slower side: take in no more than it may soon want
  full_reads_ = 0;
}

Pump::Step Pump::flush_leftover() {
  if (!to_.writable) return Step::wait;
  const auto sent = send(to_.fd(), leftover_.get() + leftover_begin_, leftover_size_, MSG_NOSIGNAL);
  if (sent < 0 && !would_block()) return write_failed();
  const auto taken = sent < 0 ? 0U : static_cast<std::uint32_t>(sent);
  copied_ += taken;
  leftover_begin_ += taken;
  leftover_size_ -= taken;
  if (leftover_size_ > 0) {
    to_.writable = false;
    return Step::wait;
  }
  leftover_.reset();
  return Step::progress;
}

Pump::Step Pump::splice_once() {
  if (in_pipe_ > 0) return flush_pipe();
  if (!from_.readable) {
    release_pipe();  // nothing moves: the pipe is another flow's
    return Step::wait;
  }
  const auto moved =
      splice(from_.fd(), nullptr, pipe_->write_end.get(), nullptr, kSpliceRoom, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (moved == 0) return carry_end();
  if (moved < 0 && would_block()) {
    from_.readable = false;
    return Step::progress;
  }
  if (moved < 0) return read_failed();
  in_pipe_ = static_cast<std::uint32_t>(moved);
  small_splices_ = in_pipe_ < kWorthSplicing ? static_cast<std::uint8_t>(small_splices_ + 1) : std::uint8_t{0};
  return flush_pipe();
}

Pump::Step Pump::flush_pipe() {
  if (!to_.writable) return Step::wait;
  const auto moved =
      splice(pipe_->read_end.get(), nullptr, to_.fd(), nullptr, in_pipe_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (moved < 0 && !would_block()) return write_failed();
  if (moved <= 0) {
    to_.writable = false;
    return Step::wait;
  }
  spliced_ += static_cast<std::uint64_t>(moved);
  in_pipe_ -= static_cast<std::uint32_t>(moved);
  if (in_pipe_ == 0 && small_splices_ >= kSmallSplicesToCopy) release_pipe();
  return Step::progress;
}

Pump::Step Pump::read_failed() {
  if (would_block()) {
    from_.readable = false;
    return Step::wait;
  }
  error_ = last_error();
  release_pipe();
  return Step::read_error;
}

Pump::Step Pump::write_failed() {
  error_ = last_error();
  to_.readable = to_.read_to_end = true;  // what it sent before is still to be read
  leftover_.reset();
  leftover_size_ = 0;
  release_pipe();
  return Step::write_error;
}

// RFC 9293 3.6: the end of one direction leaves the other open.
Pump::Step Pump::carry_end() {
  release_pipe();
  if (!close_follows_ && shutdown(to_.fd(), SHUT_WR) != 0 && errno != ENOTCONN) return write_failed();
  return Step::end;
}

void Pump::release_pipe() {
  if (!pipe_) return;
  auto pipe = std::move(*pipe_);
  pipe_.reset();
  full_reads_ = 0;
  small_splices_ = 0;
  if (std::exchange(in_pipe_, 0U) == 0)
    resources_.give_back(std::move(pipe));
  else
    resources_.drop(std::move(pipe));
}

}  // namespace weir::relay
