#include "proxy/detect/http_look.hpp"

#include <algorithm>
#include <string_view>

namespace weir::detect {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kLongestMethod = 32;

}  // namespace

HttpLook::State HttpLook::look(std::span<const std::uint8_t> fresh) {
  while (!has_begun_ && !fresh.empty() && (fresh.front() == '\r' || fresh.front() == '\n')) {
    // Servers skip any number of them, so that a request behind them has to be seen.
    fresh = fresh.subspan(1);
    is_preface_ = false;
  }
  if (fresh.empty()) return State::need_more;
  has_begun_ = true;
  if (!can_be_method(fresh)) return State::opaque;
  const auto event = reader_.read(fresh, request_).event;  // at fault it stays so
  if (can_be_preface(fresh)) return preface_ == kPreface.size() ? State::http2 : State::need_more;
  if (event == http::H1Event::need_more) return State::need_more;
  const auto fault = reader_.fault();
  if (fault == http::Fault::none || fault == http::Fault::connect) return State::http1;
  return reader_.says_http() || fault == http::Fault::head_too_large ? State::malformed : State::opaque;
}

// A request begins with a token and a space (RFC 9112, 3). What a client of another protocol says first is so seen at
// once, and need not wait for a line's end that never comes.
bool HttpLook::can_be_method(std::span<const std::uint8_t> fresh) {
  for (const auto byte : fresh) {
    if (!is_in_method_) return true;
    is_in_method_ = byte != ' ';
    if (!is_in_method_) return method_ > 0;
    const bool letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '-';
    if (!letter || ++method_ > kLongestMethod) return false;
  }
  return true;
}

bool HttpLook::can_be_preface(std::span<const std::uint8_t> fresh) {
  if (!is_preface_) return false;
  const auto rest = kPreface.substr(preface_, fresh.size());
  is_preface_ = std::ranges::equal(rest, fresh.first(rest.size()));
  preface_ += rest.size();
  return is_preface_;
}

}  // namespace weir::detect
