#include "proxy/http/h2_client_side.hpp"

#include <array>
#include <charconv>

namespace weir::http {

H2ClientSide::H2ClientSide(Transactions& transactions, Events& events, const H2Limits& limits)
    : H2Side(Role::client, transactions, events, limits) {
  submit_settings(std::array<nghttp2_settings_entry, 3>{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits.stream_window)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.header_list},
  }});
}

void H2ClientSide::take_settings() {
  takes_extended_connect_ =
      nghttp2_session_get_remote_settings(session(), NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

// nghttp2 would let more wait, but not take them back before their turn.
bool H2ClientSide::can_begin() const {
  const auto most = nghttp2_session_get_remote_settings(const_cast<nghttp2_session*>(session()),
                                                        NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return !going_away_ && open_ < most;
}

void H2ClientSide::send_head(Transaction& transaction) {
  const auto& request = transaction.request;
  const auto length = request.body.kind == Body::Kind::sized ? std::to_string(request.body.size) : std::string();
  block().clear();
  block().add(":method", request.method);
  block().add(":scheme", request.scheme);
  if (!request.authority.empty()) block().add(":authority", request.authority);
  block().add(":path", request.target);
  if (!request.protocol.empty()) block().add(":protocol", request.protocol);
  block().add(request.fields);
  if (!length.empty()) block().add("content-length", length);
  const auto body = provider();
  const bool has_body = request.body.kind != Body::Kind::none;
  const auto stream = nghttp2_submit_request(session(), nullptr, block().data(), block().size(),
                                             has_body ? &body : nullptr, &transaction);
  if (stream < 0) {
    transaction.upstream_closed = true;
    return events_.cancelled(transaction, ErrorCode::refused_stream);
  }
  ++open_;
  transaction.upstream_stream = stream;
  transaction.upstream_closed = false;
}

void H2ClientSide::take_pseudo(Transaction& transaction, std::string_view name, std::string_view value) {
  if (name != ":status") return;
  // An informational one may have been read into it before.
  transaction.response.clear();
  transaction.response.version = Version::http2;
  std::from_chars(value.data(), value.data() + value.size(), transaction.response.status);
}

void H2ClientSide::take_head(Transaction& transaction, bool ends) {
  auto& response = transaction.response;
  constexpr unsigned kFirst = 100;
  constexpr unsigned kLast = 599;
  if (response.status < kFirst || response.status > kLast) return events_.fault(transaction, Fault::start_line);
  if (response.is_informational()) return events_.head(transaction);
  transaction.response_read = true;
  // Of a body that never comes, Content-Length is told all the same (RFC 9110, 8.6).
  const bool tells_only = response.status == 304 || transaction.request.method == "HEAD";
  if (!tells_only) response.body = take_length(response.fields);
  if (ends) response.body = {};
  if (!ends && !transaction.request.protocol.empty() && response.status / 100 == 2)
    response.body.kind = Body::Kind::tunnel;
  events_.head(transaction);
}

void H2ClientSide::go_away(ErrorCode code) {
  if (going_away_) return;
  going_away_ = true;
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE, 0, static_cast<std::uint32_t>(code), nullptr, 0);
}

void H2ClientSide::closed(Transaction& transaction, ErrorCode code) {
  --open_;
  transaction.upstream_closed = true;
  forget_stream(transaction);
  drop_waiting(transaction);
  if (!transaction.response_ended) events_.cancelled(transaction, code);
}

}  // namespace weir::http
