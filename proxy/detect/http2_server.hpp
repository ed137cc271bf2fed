// An origin's first bytes: whether it speaks HTTP/2 and waits for requests. Pure; the bytes are hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::detect {

inline constexpr std::size_t kHttp2FrameHead = 9;  // RFC 9113, 4.1

// A server may send its settings before it has heard a word (RFC 9113, 3.4): a SETTINGS frame of the connection's that
// acknowledges nothing. `first`: the first bytes; false where they are fewer than a frame's head.
bool opens_as_http2_server(std::span<const std::uint8_t> first);

}  // namespace weir::detect
