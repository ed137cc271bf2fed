// TCP itself as a stream.
#pragma once

#include "proxy/net/poller.hpp"
#include "proxy/net/stream.hpp"

namespace weir::net {

class PlainStream final : public Stream {
 public:
  // The watch outlives the stream.
  explicit PlainStream(Watch& watch) : watch_(watch) {}

  Io read(std::span<std::uint8_t> into) override;
  Io write(std::span<const std::uint8_t> bytes) override;
  Io finish(bool in_order, bool closes) override;
  bool is_truncated() const override { return false; }  // a cut is a reset, and an error
  std::error_code error() const override { return error_; }

 private:
  Io failed();

  Watch& watch_;
  std::error_code error_;
};

}  // namespace weir::net
