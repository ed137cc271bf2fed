#include "proxy/detect/http2_server.hpp"

#include <algorithm>

namespace weir::detect {

bool opens_as_http2_server(std::span<const std::uint8_t> first) {
  constexpr std::uint8_t kSettings = 4;
  constexpr std::size_t kEach = 6;  // bytes a setting (RFC 9113, 6.5.1)
  constexpr std::size_t kFlags = 4;
  if (first.size() < kHttp2FrameHead) return false;
  const auto flags_and_stream = first.subspan(kFlags, kHttp2FrameHead - kFlags);
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  const std::size_t length = first[1] * 256U + first[2];
  return first[0] == 0 && length % kEach == 0 && first[3] == kSettings &&
         std::ranges::all_of(flags_and_stream, is_zero);
}

}  // namespace weir::detect
