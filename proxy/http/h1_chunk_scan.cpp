#include "proxy/http/h1_chunk_scan.hpp"

#include <algorithm>
#include <limits>

#include "proxy/http/characters.hpp"

namespace weir::http {
namespace {

constexpr unsigned kMostDigits = 16;
constexpr std::uint64_t kMostSize = std::numeric_limits<std::int64_t>::max();

unsigned digit_of(std::uint8_t byte) {
  if (byte <= '9') return byte - unsigned{'0'};
  return (byte | 0x20U) - 'a' + 10;
}

}  // namespace

void H1ChunkScan::begin_message() {
  begin_next();
  state_ = State::size;
  extensions_ = 0;
}

void H1ChunkScan::begin_next() {
  state_ = State::data_end;
  digits_ = 0;
  size_ = 0;
}

std::size_t H1ChunkScan::scan(std::span<const std::uint8_t> fresh) {
  const auto* const begin = fresh.data();
  const auto* const end = begin + fresh.size();
  const auto* at = begin;
  while (at != end && state_ < State::trailers) at = step(at, end);
  const auto taken = static_cast<std::size_t>(at - begin);
  return state_ == State::trailers ? taken + scan_trailers(fresh.subspan(taken)) : taken;
}

std::size_t H1ChunkScan::scan_trailers(std::span<const std::uint8_t> fresh) {
  const auto taken = trailers_.scan(fresh);
  if (trailers_.is_done()) state_ = State::done;
  if (trailers_.fault() != Fault::none) fail(trailers_.fault());
  return taken;
}

const std::uint8_t* H1ChunkScan::step(const std::uint8_t* at, const std::uint8_t* end) {
  switch (state_) {
    case State::data_end: expect('\r', State::data_line_end, *at); break;
    case State::data_line_end: expect('\n', State::size, *at); break;
    case State::size: take_size(*at); break;
    case State::extension: return take_extension(at, end);
    case State::line_end:
      expect('\n', size_ == 0 ? State::trailers : State::done, *at);
      if (state_ == State::trailers) trailers_.restart();
      break;
    default: return end;
  }
  return at + 1;
}

// Not even a space may be between the size and what follows: readers differ over it.
void H1ChunkScan::take_size(std::uint8_t byte) {
  if (is(kHexDigit, byte) && digits_ < kMostDigits) {
    ++digits_;
    size_ = size_ * 16 + digit_of(byte);
  } else if (digits_ == 0 || size_ > kMostSize) {
    fail(Fault::chunk);
  } else if (byte == ';') {
    state_ = State::extension;
    if (++extensions_ > most_extensions_) fail(Fault::extension_too_large);
  } else {
    expect('\r', State::line_end, byte);
  }
}

const std::uint8_t* H1ChunkScan::take_extension(const std::uint8_t* at, const std::uint8_t* end) {
  while (at != end && is(kText, *at) && extensions_ < most_extensions_) {
    ++at;
    ++extensions_;
  }
  if (at == end) return end;
  if (is(kText, *at))
    fail(Fault::extension_too_large);
  else
    expect('\r', State::line_end, *at);
  return at + 1;
}

void H1ChunkScan::expect(std::uint8_t wanted, State then, std::uint8_t byte) {
  if (byte == wanted)
    state_ = then;
  else
    fail(Fault::chunk);
}

void H1ChunkScan::fail(Fault fault) {
  state_ = State::failed;
  fault_ = fault;
}

}  // namespace weir::http
