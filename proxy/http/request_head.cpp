#include "proxy/http/request_head.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace weir::http {
namespace {

namespace beast = boost::beast;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool is_same(std::string_view a, std::string_view b) {
  return beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

// Whether the bytes so far can be a request line's begin: a token and a space (RFC 9112, 3). What a client of another
// protocol says first is seen at once, and need not wait for a line's end that never comes.
bool can_be_request(std::span<const std::uint8_t> all) {
  constexpr std::size_t kLongestMethod = 32;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == ' ') return i > 0;
    const bool letter = (all[i] >= 'A' && all[i] <= 'Z') || (all[i] >= 'a' && all[i] <= 'z') || all[i] == '-';
    if (!letter || i >= kLongestMethod) return false;
  }
  return true;
}

}  // namespace

struct RequestHead::Parser {
  Parser() { parser.header_limit(kLargest); }
  beast::http::request_parser<beast::http::empty_body> parser;
  std::size_t taken = 0;
};

RequestHead::RequestHead() = default;
RequestHead::RequestHead(RequestHead&&) noexcept = default;
RequestHead& RequestHead::operator=(RequestHead&&) noexcept = default;
RequestHead::~RequestHead() = default;

RequestHead::State RequestHead::parse(std::span<const std::uint8_t> all) {
  if (!can_be_request(all)) return State::not_http;
  if (!parser_) parser_ = std::make_unique<Parser>();
  beast::error_code error;
  // Whole lines are taken at once, and must not be shown again.
  const auto rest = all.subspan(parser_->taken);
  parser_->taken += parser_->parser.put(boost::asio::const_buffer(rest.data(), rest.size()), error);
  if (error == beast::http::error::need_more) return all.size() > kLargest ? State::too_large : State::need_more;
  if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow)
    return State::too_large;
  if (error || !parser_->parser.is_header_done()) return parser_->taken > 0 ? State::malformed : State::not_http;
  return finish();
}

std::string_view RequestHead::field(std::string_view name) const {
  const auto found = std::ranges::find_if(fields_, [name](const auto& field) { return is_same(field.name, name); });
  return found == fields_.end() ? std::string_view{} : found->value;
}

RequestHead::State RequestHead::finish() {
  const auto& request = parser_->parser.get();
  method_ = view(request.method_string());
  for (const auto& field : request) fields_.push_back({view(field.name_string()), view(field.value())});
  host_ = field("Host");
  take_target(view(request.target()));
  return State::done;
}

// RFC 9112, 3.2: origin form, absolute form (whose authority counts, not Host), authority form for CONNECT, "*".
void RequestHead::take_target(std::string_view target) {
  if (method_ == "CONNECT") {
    host_ = target;
    return;
  }
  const auto scheme = target.find("://");
  if (!target.starts_with('/') && scheme != std::string_view::npos) {
    const auto rest = target.substr(scheme + 3);
    const auto slash = std::min(rest.find_first_of("/?"), rest.size());
    host_ = rest.substr(0, slash);
    target = rest.substr(slash);
  }
  path_ = target.starts_with('/') ? target.substr(0, target.find('?')) : std::string_view{};
}

}  // namespace weir::http
