#include "proxy/detect/detector.hpp"

namespace weir::detect {

Protocol Detector::look(std::span<const std::uint8_t> fresh) {
  using Status = tls::ClientHelloReader::Status;
  if (protocol_ != Protocol::need_more || fresh.empty()) return protocol_;
  const bool is_first = !begun_;
  begun_ = true;
  switch (hello_.status() == Status::not_tls ? Status::not_tls : hello_.feed(fresh)) {
    case Status::need_more: return protocol_;
    case Status::done: return protocol_ = Protocol::tls;
    case Status::sslv2:
    case Status::invalid:
    case Status::too_large: return protocol_ = Protocol::malformed;
    case Status::not_tls: break;
  }
  // What could be a hello for a while begins with no letter.
  if (!is_first && !http_) return protocol_ = Protocol::opaque;
  return protocol_ = look_at_http(fresh);
}

Protocol Detector::look_at_http(std::span<const std::uint8_t> fresh) {
  using State = HttpLook::State;
  if (!http_) http_ = std::make_unique<HttpLook>();
  switch (http_->look(fresh)) {
    case State::need_more: return Protocol::need_more;
    case State::http1: return Protocol::http1;
    case State::http2: return Protocol::http2;
    case State::opaque: break;
    case State::malformed: return Protocol::malformed;
  }
  return Protocol::opaque;
}

}  // namespace weir::detect
