#include "proxy/detect/http_look.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "proxy/http/characters.hpp"

namespace weir::detect {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// None but HTTP begins with these; RTSP has OPTIONS, too (RFC 7826, 13.1).
constexpr std::array<std::string_view, 8> kMethods{"GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "PATCH", "CONNECT"};
constexpr std::size_t kMostSkipped = 1024;
constexpr std::size_t kLongestMethod = 8;  // one more than theirs

bool is_skipped(std::uint8_t byte) { return byte == '\r' || byte == '\n' || byte == ' ' || byte == '\t'; }

}  // namespace

HttpLook::State HttpLook::look(std::span<const std::uint8_t> fresh) {
  // Servers skip any number of line ends, and some of them blanks, so a request behind them has to be seen.
  for (; !has_begun_ && !fresh.empty() && is_skipped(fresh.front()); fresh = fresh.subspan(1)) {
    if (++skipped_ > kMostSkipped) return State::malformed;
    is_indented_ = is_indented_ || fresh.front() == ' ' || fresh.front() == '\t';
    is_preface_ = false;
  }
  if (fresh.empty()) return State::need_more;
  has_begun_ = true;
  // What a lenient origin might take for a request is not to slip by unread: it is one, and wrong.
  if (!can_be_method(fresh)) return has_known_method() ? State::malformed : State::opaque;
  const auto event = reader_.read(fresh, request_).event;  // at fault it stays so
  if (can_be_preface(fresh)) return preface_ == kPreface.size() ? State::http2 : State::need_more;
  if (event == http::H1Event::need_more) return State::need_more;
  const auto fault = reader_.fault();
  if (fault == http::Fault::none || fault == http::Fault::connect)
    return is_indented_ ? State::malformed : State::http1;
  const bool is_http = reader_.says_http() || has_known_method() || fault == http::Fault::head_too_large;
  return is_http ? State::malformed : State::opaque;
}

// A request begins with a token and a space (RFC 9112, 3). What a client of another protocol says first is so seen at
// once, and need not wait for a line's end that never comes.
bool HttpLook::can_be_method(std::span<const std::uint8_t> fresh) {
  for (const auto byte : fresh) {
    if (!is_in_method_) return true;
    is_in_method_ = byte != ' ';
    if (!is_in_method_) return !method_.empty();
    if (!http::is(http::kToken, byte)) return false;
    if (method_.size() < kLongestMethod) method_ += static_cast<char>(byte);
  }
  return true;
}

bool HttpLook::has_known_method() const { return std::ranges::find(kMethods, method_) != kMethods.end(); }

bool HttpLook::can_be_preface(std::span<const std::uint8_t> fresh) {
  if (!is_preface_) return false;
  const auto rest = kPreface.substr(preface_, fresh.size());
  is_preface_ = std::ranges::equal(rest, fresh.first(rest.size()));
  preface_ += rest.size();
  return is_preface_;
}

}  // namespace weir::detect
