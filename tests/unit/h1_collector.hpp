// Reads a stream of HTTP/1 messages as a relay would, keeps what was read as text, and writes it again.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "proxy/http/h1_reader.hpp"
#include "proxy/http/h1_writer.hpp"

namespace weir::test {

// A message as text, so that two are compared, and shown, at once.
struct H1Message {
  std::string head;
  std::string body;
  std::string trailers;
  bool is_over = false;

  friend bool operator==(const H1Message&, const H1Message&) = default;
};

struct H1Reading {
  std::vector<H1Message> messages;
  http::Fault fault = http::Fault::none;
  std::size_t taken = 0;
  bool is_between_messages = false;
  bool left_bytes = false;  // it wanted more, and had not taken all

  friend bool operator==(const H1Reading&, const H1Reading&) = default;
};

inline std::string text_of(const http::Fields& fields) {
  std::string text;
  for (std::size_t i = 0; i < fields.size(); ++i)
    text += std::string(fields[i].name) + ": " + std::string(fields[i].value) + "\n";
  return text;
}

template <typename Message>
std::string ending_of(const Message& message) {
  constexpr const char* kKinds[] = {"none", "sized", "streamed", "tunnel"};
  constexpr const char* kVersions[] = {"1.0", "1.1", "2"};
  return std::string(" ") + kVersions[static_cast<int>(message.version)] + " " +
         kKinds[static_cast<int>(message.body.kind)] + " " + std::to_string(message.body.size) +
         (message.keeps_alive ? " keep" : " close") + (message.upgrade.empty() ? "" : " upgrade=" + message.upgrade) +
         "\n" + text_of(message.fields);
}

inline std::string text_of(const http::Request& request) {
  return request.method + " " + request.scheme + "|" + request.authority + "|" + request.target + ending_of(request);
}

inline std::string text_of(const http::Response& response) {
  return std::to_string(response.status) + ending_of(response);
}

struct H1Case {
  http::H1Limits limits{};
  bool to_head = false;
  bool ends = false;    // the connection's end is told after the last byte
  bool relays = false;  // what is about the connection is taken out of heads, and what does not go on with them
};

template <typename Message>
class H1Collector {
 public:
  static constexpr bool kRequests = std::is_same_v<Message, http::Request>;
  using Reader = std::conditional_t<kRequests, http::H1RequestReader, http::H1ResponseReader>;

  explicit H1Collector(const H1Case& how) : how_(how), reader_(how.limits) {
    if constexpr (!kRequests) reader_.expect(how.to_head);
  }

  // From a copy of exactly its size on the heap: a sanitizer sees a byte read too far or too late.
  void feed(std::string_view bytes) {
    for (bool more = true; more;) {
      const auto copy = std::make_unique<std::uint8_t[]>(bytes.size());
      std::ranges::copy(bytes, copy.get());
      const auto step = reader_.read({copy.get(), bytes.size()}, message_);
      bytes.remove_prefix(step.taken);
      reading_.taken += step.taken;
      more = note(step);
      if (step.event == http::H1Event::need_more && !bytes.empty()) reading_.left_bytes = true;
    }
  }

  void end() {
    if constexpr (!kRequests) note(reader_.read_end());
  }

  H1Reading reading() {
    reading_.fault = reader_.fault();
    reading_.is_between_messages = reader_.is_between_messages();
    return reading_;
  }
  // All that was read, as it would be written.
  const std::string& written() const { return written_; }

 private:
  bool note(const http::H1Step& step) {
    switch (step.event) {
      case http::H1Event::head: note_head(); break;
      case http::H1Event::body: note_body({reinterpret_cast<const char*>(step.body.data()), step.body.size()}); break;
      case http::H1Event::end: note_end(); break;
      case http::H1Event::need_more:
      case http::H1Event::fault: return false;
    }
    return true;
  }

  void note_head() {
    if (how_.relays) prepare();
    reading_.messages.push_back({text_of(message_), "", "", false});
    if constexpr (kRequests)
      framing_ = http::write_head(message_, written_);
    else
      framing_ = http::write_head(message_, {.to_head = how_.to_head}, written_);
  }

  void prepare() {
    http::remove_connection_fields(message_.fields);
    if constexpr (kRequests) {
      message_.scheme.clear();
    } else {
      message_.version = http::Version::http1_1;
      for (const auto* a_requests : {"host", "te"}) message_.fields.remove(a_requests);
    }
  }

  void note_body(std::string_view body) {
    reading_.messages.back().body += body;
    const bool chunked = framing_ == http::H1Framing::chunked;
    if (chunked) http::write_chunk_head(body.size(), written_);
    written_ += body;
    if (chunked) written_ += http::kChunkEnd;
  }

  void note_end() {
    reading_.messages.back().is_over = true;
    reading_.messages.back().trailers = text_of(reader_.trailers());
    if (framing_ == http::H1Framing::chunked) http::write_last_chunk(reader_.trailers(), written_);
  }

  H1Case how_;
  Reader reader_;
  Message message_;
  http::H1Framing framing_ = http::H1Framing::none;
  H1Reading reading_;
  std::string written_;
};

// But for how many bytes before a fault were taken, which the cutting tells.
inline bool is_same_reading(H1Reading one, const H1Reading& other) {
  if (other.fault != http::Fault::none) one.taken = other.taken;
  return one == other;
}

// In pieces of `size`, the first of `first`.
template <typename Message>
H1Collector<Message> collect(std::string_view stream, std::size_t first, std::size_t size, const H1Case& how) {
  H1Collector<Message> collector(how);
  for (auto next = first; !stream.empty(); next = size) {
    const auto piece = stream.substr(0, next);
    collector.feed(piece);
    stream.remove_prefix(piece.size());
  }
  if (how.ends) collector.end();
  return collector;
}

}  // namespace weir::test
