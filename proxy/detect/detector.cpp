#include "proxy/detect/detector.hpp"

namespace weir::detect {

Protocol Detector::look(std::span<const std::uint8_t> fresh, std::span<const std::uint8_t> all) {
  using Status = tls::ClientHelloReader::Status;
  if (protocol_ != Protocol::need_more || fresh.empty()) return protocol_;
  begun_ = true;
  switch (hello_.status() == Status::not_tls ? Status::not_tls : hello_.feed(fresh)) {
    case Status::need_more: return protocol_;
    case Status::done: return protocol_ = Protocol::tls;
    case Status::sslv2:
    case Status::invalid:
    case Status::too_large: return protocol_ = Protocol::malformed;
    case Status::not_tls: break;
  }
  return protocol_ = look_at_http(all);
}

Protocol Detector::look_at_http(std::span<const std::uint8_t> all) {
  using State = http::RequestHead::State;
  switch (request_.parse(all)) {
    case State::need_more: return Protocol::need_more;
    case State::done: return Protocol::http1;
    case State::not_http: break;
    case State::malformed:
    case State::too_large: return Protocol::malformed;
  }
  return Protocol::opaque;
}

}  // namespace weir::detect
