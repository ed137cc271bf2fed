// Big-endian fields and length-prefixed vectors (RFC 8446, 3), read in order and never past the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::tls {

// Over bytes somebody else owns. What is not there reads as zero or as nothing, leaves the cursor empty (so that loops
// end) and is remembered: read first, ask ok() or finished() then.
class Cursor {
 public:
  using Bytes = std::span<const std::uint8_t>;

  explicit Cursor(Bytes bytes) : left_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u24() { return number(3); }

  Bytes bytes(std::size_t count) {
    if (count > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    const auto taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }

  // opaque<0..2^8-1> and opaque<0..2^16-1>; empty where it is cut short.
  Cursor vector8() { return Cursor(bytes(u8())); }
  Cursor vector16() { return Cursor(bytes(u16())); }

  Bytes rest() const { return left_; }
  bool empty() const { return left_.empty(); }
  bool ok() const { return ok_; }                         // nothing was missing so far
  bool finished() const { return ok_ && left_.empty(); }  // and nothing is left

 private:
  std::uint32_t number(std::size_t width) {
    std::uint32_t value = 0;
    for (const auto byte : bytes(width)) value = value << 8 | byte;
    return value;
  }

  Bytes left_;
  bool ok_ = true;
};

}  // namespace weir::tls
