// What holds for any stream of HTTP/1 messages, requests or responses.
#pragma once

#include <cstdlib>
#include <string_view>

#include "tests/unit/h1_collector.hpp"

namespace weir::test {

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline void require_sound(const H1Reading& reading, std::string_view stream) {
  constexpr std::string_view kNever("\r\0", 2);
  require(!reading.left_bytes && reading.taken <= stream.size());
  require(reading.fault != http::Fault::none || reading.taken == stream.size());
  for (const auto& message : reading.messages) {
    require(message.head.find_first_of(kNever) == std::string::npos);
    require(message.trailers.find_first_of(kNever) == std::string::npos);
    // Only the last one may be unfinished.
    require(message.is_over || &message == &reading.messages.back());
  }
}

// In any cutting the same, under tight limits the same or too much.
template <typename Message>
void require_same_however_cut(std::string_view stream, const H1Reading& whole, H1Case how) {
  const auto size = stream.size();
  // The end of the input says where to cut, so that the corpus is of plain messages.
  const std::size_t last =
      static_cast<std::uint8_t>(stream[size - 1]) + (size > 1 ? static_cast<std::uint8_t>(stream[size - 2]) * 256U : 0);
  require(is_same_reading(collect<Message>(stream, last % size + 1, size, how).reading(), whole));
  require(is_same_reading(collect<Message>(stream, last % 7 + 1, 1 + last % 61, how).reading(), whole));

  how.limits = {.head = 100, .fields = 4, .extensions = 8};
  const auto tight = collect<Message>(stream, last % size + 1, size, how).reading();
  using http::Fault;
  const bool too_much = tight.fault == Fault::head_too_large || tight.fault == Fault::too_many_fields ||
                        tight.fault == Fault::extension_too_large;
  require(too_much || is_same_reading(tight, whole));
}

// What was read is written as messages that are read as the same, and written as the same bytes.
template <typename Message>
void require_round_trip(std::string_view stream, H1Case how) {
  how.relays = true;
  const auto read_whole = [&](std::string_view bytes) {
    return collect<Message>(bytes, bytes.size(), bytes.size(), how);
  };
  auto first = read_whole(stream);
  auto second = read_whole(first.written());
  require(second.reading().messages == first.reading().messages);
  require(second.written() == first.written());
}

template <typename Message>
void require_all(std::string_view stream, const H1Case& how) {
  const auto whole = collect<Message>(stream, stream.size(), stream.size(), how).reading();
  require_sound(whole, stream);
  require_same_however_cut<Message>(stream, whole, how);
  require_round_trip<Message>(stream, how);
}

}  // namespace weir::test
