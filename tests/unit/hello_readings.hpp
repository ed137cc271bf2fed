// A stream read by ClientHelloReader in every cutting, which must make no difference.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/catch.hpp"
#include "tests/unit/made_hello.hpp"
#include "tls/client_hello_reader.hpp"

namespace weir::test {

struct Reading {
  tls::ClientHelloReader::Status status{};
  tls::ClientHello hello;
  std::optional<tls::Refusal> refusal;

  friend bool operator==(const Reading&, const Reading&) = default;
};

// From a copy of exactly its size on the heap, gone right after: a sanitizer sees a byte read too far or too late.
inline void feed_exactly(tls::ClientHelloReader& reader, std::span<const std::uint8_t> bytes) {
  const auto copy = std::make_unique<std::uint8_t[]>(bytes.size());
  std::ranges::copy(bytes, copy.get());
  reader.feed({copy.get(), bytes.size()});
}

inline Reading reading_of(const tls::ClientHelloReader& reader) {
  return {reader.status(), reader.hello(), reader.refusal()};
}

// In pieces of `size`, the first of `first`.
inline Reading read_in_pieces(const Bytes& stream, std::size_t first, std::size_t size,
                              tls::ClientHelloLimits limits = {}) {
  tls::ClientHelloReader reader(limits);
  std::span<const std::uint8_t> left = stream;
  for (auto next = first; !left.empty(); next = size) {
    const auto piece = left.first(std::min(next, left.size()));
    feed_exactly(reader, piece);
    left = left.subspan(piece.size());
  }
  return reading_of(reader);
}

// Whole, split at each offset, and a byte at a time.
inline Reading read_every_way(const Bytes& stream, tls::ClientHelloLimits limits = {}) {
  const auto whole = read_in_pieces(stream, stream.size(), stream.size(), limits);
  for (std::size_t at = 0; at < stream.size(); ++at) {
    if (read_in_pieces(stream, at, stream.size(), limits) != whole) FAIL_CHECK("another reading when split at " << at);
  }
  CHECK((read_in_pieces(stream, 1, 1, limits) == whole));
  return whole;
}

struct Sample {
  std::string name;
  Bytes stream;
};

// tests/fuzz/corpus/client_hello, by name.
inline std::vector<Sample> hello_corpus() {
  std::vector<Sample> samples;
  for (const auto& entry : std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/fuzz/corpus/client_hello")) {
    std::ifstream file(entry.path(), std::ios::binary);
    samples.push_back({entry.path().filename(), Bytes(std::istreambuf_iterator<char>(file), {})});
  }
  std::ranges::sort(samples, {}, &Sample::name);
  return samples;
}

}  // namespace weir::test
