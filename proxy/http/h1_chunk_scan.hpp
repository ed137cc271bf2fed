// The bytes between the data of chunks (RFC 9112, 7.1): the end of one, the line of the next, and behind the last one
// the trailers. Held against the RFC before anything is parsed. Pure; keeps no bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "proxy/http/h1_head_scan.hpp"

namespace weir::http {

class H1ChunkScan {
 public:
  H1ChunkScan(std::size_t most_extensions, const H1HeadScan::Limits& trailers)
      : most_extensions_(most_extensions), trailers_(H1HeadScan::Of::trailers, trailers) {}

  void begin_message();
  void begin_next();  // behind a chunk's data

  // Bytes behind those that were scanned before. Tells how many of them are no chunk's data: all, until it is done or
  // at fault. Done, the data of a chunk come, or the message is over.
  std::size_t scan(std::span<const std::uint8_t> fresh);

  bool is_done() const { return state_ == State::done; }
  Fault fault() const { return fault_; }

 private:
  enum class State : std::uint8_t { data_end, data_line_end, size, extension, line_end, trailers, done, failed };

  std::size_t scan_trailers(std::span<const std::uint8_t> fresh);
  const std::uint8_t* step(const std::uint8_t* at, const std::uint8_t* end);
  void take_size(std::uint8_t byte);
  const std::uint8_t* take_extension(const std::uint8_t* at, const std::uint8_t* end);
  void expect(std::uint8_t wanted, State then, std::uint8_t byte);
  void fail(Fault fault);

  std::size_t most_extensions_;
  H1HeadScan trailers_;
  State state_ = State::size;
  Fault fault_ = Fault::none;
  unsigned digits_ = 0;
  std::uint64_t size_ = 0;
  std::size_t extensions_ = 0;  // bytes, of the message
};

}  // namespace weir::http
