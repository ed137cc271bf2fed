#include "proxy/http/h1_output.hpp"

#include <utility>

namespace weir::http {

void H1Output::add_body(std::span<const std::uint8_t> bytes) {
  if (bytes.empty() || framing_ == H1Framing::none) return;
  body_bytes_ += bytes.size();
  if (framing_ == H1Framing::chunked) write_chunk_head(bytes.size(), bytes_);
  bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (framing_ == H1Framing::chunked) bytes_ += kChunkEnd;
}

void H1Output::add_end(const Fields& trailers) {
  if (framing_ == H1Framing::chunked) write_last_chunk(trailers, bytes_);
}

std::span<const std::uint8_t> H1Output::pending() const {
  return {reinterpret_cast<const std::uint8_t*>(bytes_.data()) + begin_, bytes_.size() - begin_};
}

void H1Output::written(std::size_t size, Transaction* of, Events& events) {
  begin_ += size;
  if (!empty()) return;
  begin_ = 0;
  bytes_.clear();
  const auto body_bytes = std::exchange(body_bytes_, std::size_t{0});
  if (of != nullptr && body_bytes > 0) events.drained(*of, body_bytes);
}

}  // namespace weir::http
