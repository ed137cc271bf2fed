#include "proxy/http/h1_parser.hpp"

#include <algorithm>
#include <charconv>

#include "proxy/http/authority.hpp"
#include "proxy/http/h1_target.hpp"

namespace weir::http {
namespace {

using BeastError = beast::http::error;

std::span<const std::uint8_t> bytes_of(beast::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Upgrade, of all fields of the name (RFC 9110, 7.8).
void take_upgrade(const Fields& fields, std::string& upgrade) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_named(fields[i].name, "upgrade") || fields[i].value.empty()) continue;
    if (!upgrade.empty()) upgrade += ", ";
    upgrade += fields[i].value;
  }
}

}  // namespace

template <bool is_request>
std::size_t H1Parser<is_request>::take(std::span<const std::uint8_t> bytes) {
  Error error;
  body_ = {};
  const auto taken = this->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && fault_ == Fault::none) fault_ = fault_of(error);
  return taken;
}

// Of Beast's own checks only these can find something in what was scanned.
template <bool is_request>
Fault H1Parser<is_request>::fault_of(const Error& error) const {
  if (is_behind_head_) return is_in_trailers_ ? Fault::trailer : Fault::chunk;
  if (error == BeastError::multiple_content_length) return Fault::two_lengths;
  if (error == BeastError::bad_content_length) return this->chunked() ? Fault::two_lengths : Fault::length;
  if (error == BeastError::bad_transfer_encoding) return has_length_ ? Fault::two_lengths : Fault::transfer_encoding;
  if (error == BeastError::bad_value) return Fault::connection;
  return Fault::start_line;
}

template <bool is_request>
void H1Parser<is_request>::on_field_impl(Name name, Text name_text, Text text, Error& error) {
  const auto value = view(text);
  if (is_in_trailers_) return take_trailer(view(name_text), value, error);
  switch (name) {
    case Name::content_length: return take_length(value, error);
    case Name::transfer_encoding: return take_transfer_encoding(value, error);
    case Name::connection: take_connection(value); break;
    default: break;
  }
  take_field(name, view(name_text), value);
}

template <bool is_request>
void H1Parser<is_request>::take_trailer(std::string_view name, std::string_view value, Error& error) {
  if (!may_be_trailer(name)) return fail(Fault::trailer, error);
  trailers_.add(name, value);
}

template <bool is_request>
void H1Parser<is_request>::take_length(std::string_view value, Error& error) {
  if (has_length_) return fail(Fault::two_lengths, error);
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  const auto* const end = value.data() + value.size();
  const auto [at, problem] = std::from_chars(value.data(), end, length_);
  if (at != end || problem != std::errc() || length_ > kLargest) return fail(Fault::length, error);
  has_length_ = true;
}

template <bool is_request>
void H1Parser<is_request>::take_transfer_encoding(std::string_view value, Error& error) {
  if (!same_text(value, "chunked")) fail(Fault::transfer_encoding, error);
}

template <bool is_request>
void H1Parser<is_request>::take_connection(std::string_view value) {
  for (auto element = next_element(value); !element.empty(); element = next_element(value)) {
    says_close_ |= same_text(element, "close");
    says_keep_alive_ |= same_text(element, "keep-alive");
    says_upgrade_ |= same_text(element, "upgrade");
  }
}

template <bool is_request>
Body H1Parser<is_request>::body_of_fields() const {
  if (has_length_) return {.kind = Body::Kind::sized, .size = length_};
  return {.kind = this->chunked() ? Body::Kind::streamed : Body::Kind::none};
}

template <bool is_request>
void H1Parser<is_request>::on_header_impl(Error& error) {
  is_behind_head_ = true;
  if (const auto fault = end_head(); fault != Fault::none) fail(fault, error);
}

template <bool is_request>
std::size_t H1Parser<is_request>::on_body_impl(Text body, Error&) {
  body_ = bytes_of(body);
  return body.size();
}

template <bool is_request>
void H1Parser<is_request>::on_chunk_header_impl(std::uint64_t size, Text, Error&) {
  is_in_chunk_ = size > 0;
  is_in_trailers_ = size == 0;
}

template <bool is_request>
std::size_t H1Parser<is_request>::on_chunk_body_impl(std::uint64_t remain, Text body, Error&) {
  body_ = bytes_of(body);
  is_in_chunk_ = remain > body.size();
  return body.size();
}

template class H1Parser<true>;
template class H1Parser<false>;

void H1RequestParser::on_request_impl(beast::http::verb, Text method, Text target, int version, Error&) {
  into_.method = view(method);
  into_.target = view(target);
  take_version(version, into_.version);
}

void H1RequestParser::take_field(Name name, std::string_view name_text, std::string_view value) {
  if (name != Name::host) return into_.fields.add(name_text, value);
  into_.authority = value;
  ++hosts_;
}

Fault H1RequestParser::end_head() {
  const bool is_new = into_.version == Version::http1_1;
  if (this->chunked() && !is_new) return Fault::transfer_encoding;
  if (hosts_ > 1 || (is_new && hosts_ == 0)) return Fault::host;
  if (hosts_ == 1 && !is_authority(into_.authority)) return Fault::host;
  into_.body = body_of_fields();
  into_.keeps_alive = keeps_alive(into_.version);
  if (says_upgrade() && is_new) take_upgrade(into_.fields, into_.upgrade);
  return take_target(into_);
}

void H1ResponseParser::on_response_impl(int status, Text, int version, Error& error) {
  if (status < 100 || status > 599) return fail(Fault::start_line, error);
  into_.status = static_cast<unsigned>(status);
  take_version(version, into_.version);
}

void H1ResponseParser::take_field(Name, std::string_view name_text, std::string_view value) {
  into_.fields.add(name_text, value);
}

// RFC 9112, 6.3: these have none whatever their fields say.
bool H1ResponseParser::has_no_body() const {
  return to_head_ || into_.status < 200 || into_.status == 204 || into_.status == 304;
}

Fault H1ResponseParser::end_head() {
  if (this->chunked() && into_.version == Version::http1_0) return Fault::transfer_encoding;
  // Of an informational one it says nothing, the final one is to tell.
  into_.keeps_alive = into_.status < 200 || (keeps_alive(into_.version) && !this->need_eof());
  if (into_.status == 101) {
    into_.body.kind = Body::Kind::tunnel;
    take_upgrade(into_.fields, into_.upgrade);
  } else if (!has_no_body()) {
    into_.body = body_of_fields();
    if (this->need_eof()) into_.body.kind = Body::Kind::streamed;
  } else if (has_length() && into_.status >= 200 && into_.status != 204) {
    into_.fields.add("Content-Length", std::to_string(length()));  // of what GET would have had
  }
  return Fault::none;
}

}  // namespace weir::http
