// A stream of HTTP/1 messages read in every cutting, which must make no difference.
#pragma once

#include "tests/unit/catch.hpp"
#include "tests/unit/h1_collector.hpp"

namespace weir::test {

inline std::ostream& operator<<(std::ostream& out, const H1Message& message) {
  return out << message.head << "body: " << message.body << "\ntrailers: " << message.trailers
             << (message.is_over ? "\nover\n" : "\nnot over\n");
}

// Whole, split at each offset, and a byte at a time.
template <typename Message>
H1Reading read_every_way(std::string_view stream, const H1Case& how) {
  const auto read = [&](std::size_t first, std::size_t size) {
    return collect<Message>(stream, first, size, how).reading();
  };
  const auto whole = read(stream.size(), stream.size());
  CHECK_FALSE(whole.left_bytes);
  for (std::size_t at = 1; at < stream.size(); ++at)
    if (!is_same_reading(read(at, stream.size()), whole)) FAIL_CHECK("another reading when split at " << at);
  CHECK(is_same_reading(read(1, 1), whole));
  return whole;
}

inline H1Reading read_requests(std::string_view stream, const H1Case& how = {}) {
  return read_every_way<http::Request>(stream, how);
}

inline H1Reading read_responses(std::string_view stream, const H1Case& how = {}) {
  return read_every_way<http::Response>(stream, how);
}

}  // namespace weir::test
