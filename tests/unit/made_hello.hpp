// ClientHellos made by hand, well-formed or not: every length can be set apart from what it counts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace weir::test {

using Bytes = std::vector<std::uint8_t>;

inline void append(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

inline Bytes join(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const auto& part : parts) append(all, part);
  return all;
}

inline Bytes text(std::string_view characters) { return {characters.begin(), characters.end()}; }

inline Bytes number(std::size_t width, std::size_t value) {
  Bytes bytes(width);
  for (std::size_t i = 0; i < width; ++i) bytes[width - 1 - i] = static_cast<std::uint8_t>(value >> 8 * i);
  return bytes;
}

inline Bytes u16s(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const auto value : values) append(bytes, number(2, value));
  return bytes;
}

// A vector behind its length of `width` bytes.
inline Bytes vec(std::size_t width, const std::vector<Bytes>& parts) {
  const auto all = join(parts);
  return join({number(width, all.size()), all});
}

inline Bytes extension(unsigned type, const Bytes& data = {}) { return join({number(2, type), vec(2, {data})}); }

inline Bytes server_name(const std::vector<std::string_view>& host_names) {
  Bytes list;
  for (const auto name : host_names) append(list, join({{0}, vec(2, {text(name)})}));
  return extension(0, vec(2, {list}));
}

inline Bytes alpn(const std::vector<std::string_view>& names) {
  Bytes list;
  for (const auto name : names) append(list, vec(1, {text(name)}));
  return extension(16, vec(2, {list}));
}

inline Bytes versions(std::initializer_list<unsigned> values) { return extension(43, vec(1, {u16s(values)})); }

inline Bytes share(unsigned group, std::size_t size) { return join({number(2, group), vec(2, {Bytes(size, 0x55)})}); }

// A body's fields, each as it is written, so that a test can spoil any of them.
struct MadeHello {
  Bytes version = {3, 3};
  Bytes random = Bytes(32, 0x77);
  Bytes session_id = vec(1, {});
  Bytes cipher_suites = vec(2, {u16s({0x1301, 0xc02f})});
  Bytes compression = vec(1, {{0}});
  Bytes extensions;  // with their length

  MadeHello& with(const std::vector<Bytes>& list) {
    extensions = vec(2, list);
    return *this;
  }
  Bytes body() const { return join({version, random, session_id, cipher_suites, compression, extensions}); }
  Bytes message() const { return join({{1}, vec(3, {body()})}); }
};

inline Bytes record(const Bytes& payload) { return join({{22, 3, 1}, vec(2, {payload})}); }

// The message in records of `size` bytes each, the last one shorter.
inline Bytes records(const Bytes& message, std::size_t size = 1 << 14) {
  Bytes stream;
  for (std::size_t at = 0; at < message.size(); at += size) {
    const auto part = std::span(message).subspan(at, std::min(size, message.size() - at));
    append(stream, record({part.begin(), part.end()}));
  }
  return stream;
}

inline Bytes stream_of(const std::vector<Bytes>& extensions) { return records(MadeHello{}.with(extensions).message()); }

}  // namespace weir::test
