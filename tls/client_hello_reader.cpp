#include "tls/client_hello_reader.hpp"

#include <algorithm>

#include "tls/cursor.hpp"

namespace weir::tls {
namespace {

constexpr std::uint8_t kHandshake = 22;  // RFC 8446, 5.1
constexpr std::uint8_t kMajorVersion = 3;
constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kMostInRecord = 1U << 14U;
constexpr std::uint8_t kClientHello = 1;  // RFC 8446, 4
constexpr std::size_t kMessageHeader = 4;

// The body's length, once the message's header is there.
std::optional<std::size_t> body_size(std::span<const std::uint8_t> message) {
  if (message.size() < kMessageHeader) return std::nullopt;
  Cursor in(message.subspan(1));
  return in.u24();
}

bool is_whole(std::span<const std::uint8_t> message) {
  const auto size = body_size(message);
  return size && message.size() >= kMessageHeader + *size;
}

}  // namespace

ClientHelloReader::Status ClientHelloReader::feed(Bytes bytes) {
  while (status_ == Status::need_more && !bytes.empty()) {
    if (record_left_ > 0) {
      bytes = take_payload(bytes);
    } else {
      take_header(bytes.front());
      bytes = bytes.subspan(1);
    }
  }
  return status_;
}

// Each byte of a record's header is judged as it comes: what is not TLS must not be waited for. The version's low byte
// is ignored (RFC 8446, 5.1; RFC 5246, E.1).
void ClientHelloReader::take_header(std::uint8_t byte) {
  header_[header_size_++] = byte;
  ++stream_bytes_;
  const bool first = records_ == 0;
  if (first && header_[0] != kHandshake) {
    const auto match = match_sslv2_hello(Bytes(header_).first(header_size_));
    if (match == Match::no) return end(Status::not_tls);
    if (match == Match::yes) return end(Status::sslv2, Refusal{Alert::protocol_version, "an SSL 2.0 hello"});
    return;
  }
  if (header_size_ == 1 && byte != kHandshake)
    return end(Status::invalid, Refusal{Alert::unexpected_message, "another record within the hello"});
  if (header_size_ == 2 && byte != kMajorVersion) {
    if (first) return end(Status::not_tls);
    return end(Status::invalid, Refusal{Alert::protocol_version, "a record of another protocol within the hello"});
  }
  if (header_size_ == kRecordHeader) begin_record(std::size_t{header_[3]} << 8U | header_[4]);
}

// RFC 8446, 5.1.
void ClientHelloReader::begin_record(std::size_t length) {
  header_size_ = 0;
  record_left_ = length;
  ++records_;
  if (length == 0) return end(Status::invalid, Refusal{Alert::unexpected_message, "an empty handshake record"});
  if (length > kMostInRecord)
    return end(Status::invalid, Refusal{Alert::record_overflow, "a record of more than 16384 bytes"});
  if (records_ > limits_.records)
    return end(Status::too_large, Refusal{Alert::illegal_parameter, "the hello is spread over too many records"});
}

ClientHelloReader::Bytes ClientHelloReader::take_payload(Bytes bytes) {
  const auto fragment = bytes.first(std::min(bytes.size(), record_left_));
  record_left_ -= fragment.size();
  stream_bytes_ += fragment.size();
  take_fragment(fragment);
  return bytes.subspan(fragment.size());
}

void ClientHelloReader::take_fragment(Bytes fragment) {
  auto message = fragment;
  if (!message_.empty() || !is_whole(fragment)) {
    message_.insert(message_.end(), fragment.begin(), fragment.end());  // grows by doubling, so only with what came
    message = message_;
  }
  if (message[0] != kClientHello)
    return end(Status::invalid, Refusal{Alert::unexpected_message, "another handshake message than ClientHello"});
  const auto body = body_size(message);
  if (!body) return;
  if (*body > limits_.message_bytes)
    return end(Status::too_large, Refusal{Alert::illegal_parameter, "the hello is too long"});
  // RFC 8446, 5.1: keys may change behind a ClientHello, so it ends with its record.
  if (message.size() + record_left_ > kMessageHeader + *body)
    return end(Status::invalid, Refusal{Alert::unexpected_message, "more in the record than the hello"});
  if (message.size() == kMessageHeader + *body) read_message(message.subspan(kMessageHeader));
}

void ClientHelloReader::read_message(Bytes body) {
  if (auto refusal = read_client_hello(body, hello_)) return end(Status::invalid, refusal);
  hello_.stream_bytes = stream_bytes_;
  end(Status::done);
}

void ClientHelloReader::end(Status status, std::optional<Refusal> refusal) {
  status_ = status;
  refusal_ = refusal;
  if (status != Status::done) hello_ = {};
  message_ = {};
}

}  // namespace weir::tls
