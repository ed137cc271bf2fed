// What an HTTP/1 side has to send: heads and bodies in one buffer, and whose body it was. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "proxy/http/h1_writer.hpp"
#include "proxy/http/side.hpp"

namespace weir::http {

class H1Output {
 public:
  std::string& buffer() { return bytes_; }
  // Of the body that comes next.
  void frame_as(H1Framing framing) {
    framing_ = framing;
    body_bytes_ = 0;
  }
  H1Framing framing() const { return framing_; }
  void add_body(std::span<const std::uint8_t>);
  void add_end(const Fields& trailers);

  std::span<const std::uint8_t> pending() const;
  // Tells `events` of the body's bytes once all that was added is out.
  void written(std::size_t, Transaction* of, Events& events);
  // None of it is to go out any more. `of` is not held up by it.
  void drop(Transaction* of, Events& events) { written(bytes_.size() - begin_, of, events); }
  bool empty() const { return begin_ == bytes_.size(); }
  void rest() {
    if (empty()) std::string().swap(bytes_);
  }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
  std::size_t body_bytes_ = 0;  // of this message, added since all was out
  H1Framing framing_ = H1Framing::none;
};

}  // namespace weir::http
