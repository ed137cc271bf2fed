// HTTP/2 frames by hand, for what no library would send.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::test {

inline std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {}) {
  return big_endian(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) + big_endian(stream, 4) +
         std::string(payload);
}

// HPACK: a literal that is not put into the table (RFC 7541, 6.2.2), not compressed, up to 126 bytes.
inline std::string literals(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string block;
  for (const auto& [name, value] : fields)
    block.append(1, '\0')
        .append(1, static_cast<char>(name.size()))
        .append(name)
        .append(1, static_cast<char>(value.size()))
        .append(value);
  return block;
}

inline std::string repeated(std::size_t times, const std::string& bytes) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += bytes;
  return all;
}

// The code of the last GOAWAY among whole frames.
inline std::optional<std::uint32_t> last_goaway(std::string_view bytes) {
  constexpr std::size_t kHead = 9;
  const auto number = [&](std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (const char c : bytes.substr(at, size)) value = value << 8 | static_cast<std::uint8_t>(c);
    return value;
  };
  std::optional<std::uint32_t> code;
  while (bytes.size() >= kHead) {
    if (bytes[3] == 7) code = number(kHead + 4, 4);
    bytes.remove_prefix(std::min(bytes.size(), kHead + number(0, 3)));
  }
  return code;
}

}  // namespace weir::test
