#include "proxy/http/h2_server_side.hpp"

#include <array>
#include <charconv>

#include "proxy/http/authority.hpp"
#include "proxy/http/characters.hpp"

namespace weir::http {

H2ServerSide::H2ServerSide(Transactions& transactions, Events& events, const H2Limits& limits)
    : H2Side(Role::server, transactions, events, limits) {
  submit_settings(std::array<nghttp2_settings_entry, 4>{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits.stream_window)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.header_list},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }});
}

void H2ServerSide::offer_extended_connect() {
  const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1};
  nghttp2_submit_settings(session(), NGHTTP2_FLAG_NONE, &entry, 1);
}

namespace {

// What nghttp2 leaves to its users: a host is what it is in HTTP/1, and the path is one.
Fault fault_of(const Request& request, std::string_view host) {
  if (!is_authority(request.authority)) return Fault::host;
  if (!host.empty() && !is_same_authority(host, request.authority, request.scheme)) return Fault::host_mismatch;
  if (request.method == "CONNECT" && request.protocol.empty()) return Fault::none;  // it has neither
  if (request.scheme != "http" && request.scheme != "https") return Fault::target;
  const bool has_path = request.target.starts_with('/') || (request.target == "*" && request.method == "OPTIONS");
  return has_path && all(kTargetChar, request.target) ? Fault::none : Fault::target;
}

}  // namespace

Transaction* H2ServerSide::begin_head(std::int32_t stream) {
  auto& transaction = transactions_.open(static_cast<std::uint64_t>(stream));
  transaction.request.version = Version::http2;
  return &transaction;
}

void H2ServerSide::take_pseudo(Transaction& transaction, std::string_view name, std::string_view value) {
  auto& request = transaction.request;
  if (name == ":method") request.method = value;
  if (name == ":scheme") request.scheme = value;
  if (name == ":authority") request.authority = value;
  if (name == ":path") request.target = value;
  if (name == ":protocol") request.protocol = value;
}

// nghttp2 has seen to it that the pseudo fields are there, once each, and Content-Length is a number (RFC 9113, 8.1).
void H2ServerSide::take_head(Transaction& transaction, bool ends) {
  auto& request = transaction.request;
  transaction.request_read = true;
  const auto host = request.fields.get("host");
  if (request.authority.empty()) request.authority = host;
  const auto fault = fault_of(request, host);
  request.fields.remove("host");
  request.body = take_length(request.fields);
  if (ends) request.body = {};
  if (!request.protocol.empty()) request.body.kind = Body::Kind::tunnel;
  transaction.moved_on = now();
  if (fault != Fault::none) return events_.fault(transaction, fault);
  events_.head(transaction);
}

void H2ServerSide::took_body(Transaction& transaction, std::size_t size) {
  transaction.moved += size;
  if (transaction.moved < kMovesOn) return;
  transaction.moved = 0;
  transaction.moved_on = now();
}

void H2ServerSide::send_head(Transaction& transaction) {
  const auto& response = transaction.response;
  std::array<char, 4> digits{};
  const auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), response.status).ptr;
  block().clear();
  block().add(":status", {digits.data(), end});
  const auto length = response.body.kind == Body::Kind::sized ? std::to_string(response.body.size) : std::string();
  block().add(response.fields);
  if (!length.empty()) block().add("content-length", length);
  const auto stream = stream_of(transaction);
  if (response.is_informational()) {
    nghttp2_submit_headers(session(), NGHTTP2_FLAG_NONE, stream, nullptr, block().data(), block().size(), nullptr);
    return;
  }
  const auto body = provider();
  const bool has_body = response.body.kind != Body::Kind::none;
  nghttp2_submit_response(session(), stream, block().data(), block().size(), has_body ? &body : nullptr);
}

void H2ServerSide::go_away(ErrorCode code) {
  if (going_away_) return;
  going_away_ = true;
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session()),
                        static_cast<std::uint32_t>(code), nullptr, 0);
}

void H2ServerSide::closed(Transaction& transaction, ErrorCode code) {
  transaction.client_closed = true;
  forget_stream(transaction);
  drop_waiting(transaction);
  if (!transaction.request_ended || !transaction.response_ended) events_.cancelled(transaction, code);
}

namespace {

bool owes_body(const Transaction& transaction) {
  const bool is_wanted = !transaction.answered_here && !transaction.ended;
  return transaction.request_read && !transaction.request_ended && !transaction.client_closed && is_wanted &&
         transaction.request.body.kind == Body::Kind::sized;
}

}  // namespace

bool H2ServerSide::is_held_up(const Transaction& transaction) const {
  const auto window =
      nghttp2_session_get_stream_local_window_size(const_cast<nghttp2_session*>(session()), stream_of(transaction));
  return transaction.awaits_continue() || window < static_cast<std::int32_t>(kMovesOn);
}

// A head that is not whole holds up every stream; a body only its own.
bool H2ServerSide::expire(Time now, const Timeouts& timeouts) {
  if (blamed()) return false;
  const bool all_held_up = !wants_input();
  if (all_held_up) excuse_head(now);
  if (const auto since = head_since(); since && now - *since >= timeouts.head) {
    end_connection(ErrorCode::no_error);
    return true;
  }
  bool ended = false;
  transactions_.for_each([&](Transaction& transaction) {
    if (!owes_body(transaction)) return;
    if (all_held_up || is_held_up(transaction)) transaction.moved_on = now;
    if (now - transaction.moved_on < timeouts.body) return;
    events_.fault(transaction, Fault::timeout);
    ended = true;
  });
  return ended;
}

// RFC 9113, 8.1: a request that was answered before it was whole need not be sent any further.
void H2ServerSide::end_sent(Transaction& transaction) {
  const bool is_read = !transaction.answered_here && !(transaction.forwarded && transaction.upstream_closed);
  if (!transaction.request_ended && !is_read) cancel(transaction, ErrorCode::no_error);
}

}  // namespace weir::http
