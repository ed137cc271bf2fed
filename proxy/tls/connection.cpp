#include "proxy/tls/connection.hpp"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/objects.h>

namespace weir::tls {
namespace {

// Key updates, tickets: what a connection may send of them in its life. A session of days with a key update each 2^24
// records has fewer.
constexpr std::uint32_t kMostMessages = 1000;

int connection_index() {
  static const int kIndex = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

class OpensslCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "openssl"; }
  std::string message(int code) const override {
    const char* reason = ERR_reason_error_string(static_cast<unsigned int>(code));
    return reason != nullptr ? reason : "TLS error";
  }
};

bool is_version_reason(int reason) {
  return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
         reason == SSL_R_NO_PROTOCOLS_AVAILABLE || reason == SSL_R_VERSION_TOO_LOW || reason == SSL_R_UNKNOWN_PROTOCOL;
}

bool is_no_tls_reason(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST ||
         reason == SSL_R_BAD_RECORD_TYPE;
}

// Reasons above this one are alerts that the peer sent.
std::optional<std::uint8_t> alert_of(int reason) {
  constexpr int kLast = 255;
  const int alert = reason - SSL_AD_REASON_OFFSET;
  if (alert < 0 || alert > kLast) return std::nullopt;
  return static_cast<std::uint8_t>(alert);
}

std::string group_of(SSL* ssl) {
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
  const char* name = SSL_get0_group_name(ssl);
#else
  const auto group = SSL_get_negotiated_group(ssl);
  const char* name = group != NID_undef ? SSL_group_to_name(ssl, static_cast<int>(group)) : nullptr;
#endif
  return name != nullptr ? name : "";
}

}  // namespace

const char* name(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::closed: return "closed";
    case Failure::Kind::socket: return "socket";
    case Failure::Kind::peer_alert: return "alert";
    case Failure::Kind::version: return "version";
    case Failure::Kind::not_tls: return "not_tls";
    case Failure::Kind::protocol: return "protocol";
    case Failure::Kind::too_many: return "too_many";
  }
  return "";
}

const std::error_category& openssl_category() {
  static const OpensslCategory kCategory;
  return kCategory;
}

Connection::Connection(SSL_CTX* context, net::Watch& watch, std::span<const std::uint8_t> first)
    : link_(watch, first), ssl_(SSL_new(context)) {
  if (!ssl_) throw std::bad_alloc();
  auto* bio = link_.make_bio().release();
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_ex_data(ssl_.get(), connection_index(), this);
  SSL_set_info_callback(ssl_.get(), on_state);
}

Connection* Connection::of(const SSL* ssl) {
  return static_cast<Connection*>(SSL_get_ex_data(ssl, connection_index()));
}

// A handshake message each is one more state; after the handshake there are to be few.
void Connection::on_state(const SSL* ssl, int where, int) {
  auto* connection = of(ssl);
  if ((where & SSL_CB_LOOP) != 0 && connection->established_) ++connection->messages_after_handshake_;
}

Connection::Progress Connection::handshake() {
  if (established_) return Progress::done;
  if (failed_) return Progress::failed;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    established_ = true;
    return Progress::done;
  }
  const int why = SSL_get_error(ssl_.get(), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_X509_LOOKUP)
    return Progress::wait;
  note_failure(why);
  failed_ = true;
  return Progress::failed;
}

// Else there is no need to ask OpenSSL, which takes its time to say so.
bool Connection::has_news() const {
  return link_.has_news() || SSL_has_pending(ssl_.get()) == 1 ||
         (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

Connection::Io Connection::read(std::span<std::uint8_t> into) {
  if (!has_news()) return {Io::State::wait, 0};
  ERR_clear_error();
  std::size_t size = 0;
  // Records are at most 16 KiB; several at once make one write of the other side.
  while (size < into.size()) {
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data() + size, into.size() - size, &count);
    size += count;
    if (result != 1 && size == 0) return io_of(result);
    if (result != 1 || !has_news()) break;  // what stopped it shows again
  }
  if (has_too_many_messages()) return {Io::State::failed, 0};
  return {Io::State::moved, size};
}

bool Connection::has_word() {
  if (!has_news()) return false;
  ERR_clear_error();
  std::uint8_t byte = 0;
  std::size_t count = 0;
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &count);
  return result == 1 || SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ || has_too_many_messages();
}

Connection::Io Connection::write(std::span<const std::uint8_t> bytes) {
  ERR_clear_error();
  std::size_t size = 0;
  // OpenSSL writes a record at a time.
  while (size < bytes.size()) {
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data() + size, bytes.size() - size, &count);
    if (result != 1) return size > 0 ? Io{Io::State::moved, size} : io_of(result);
    size += count;
  }
  return {Io::State::moved, size};
}

Connection::Io Connection::io_of(int result) {
  const int why = SSL_get_error(ssl_.get(), result);
  if (has_too_many_messages()) return {Io::State::failed, 0};
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return {Io::State::wait, 0};
  // Behind the peer's end OpenSSL calls a write that fails an end as well.
  if (link_.error() == 0 && (why == SSL_ERROR_ZERO_RETURN || link_.at_end())) {
    ended_ = true;
    truncated_ = link_.at_end();  // nothing is read behind a close_notify
    ERR_clear_error();
    return {Io::State::end, 0};
  }
  note_failure(why);
  return {Io::State::failed, 0};
}

bool Connection::has_too_many_messages() {
  if (messages_after_handshake_ <= kMostMessages) return false;
  fail(Failure::Kind::too_many, "too many messages after the handshake");
  return true;
}

Connection::Io Connection::finish(bool in_order, bool closes) {
  if (in_order && !told_end_) {
    ERR_clear_error();
    const int result = SSL_shutdown(ssl_.get());
    const int why = result < 0 ? SSL_get_error(ssl_.get(), result) : SSL_ERROR_NONE;
    if (why == SSL_ERROR_WANT_WRITE) return {Io::State::wait, 0};
    // The peer may be gone already, and has no use for it then.
    ERR_clear_error();
  }
  told_end_ = true;
  if (!closes) shutdown(link_.watch().fd(), SHUT_WR);
  return {Io::State::moved, 0};
}

void Connection::note_failure(int why) {
  failure_ = {};
  const auto code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  if (link_.error() != 0) {
    failure_.kind = Failure::Kind::socket;
    failure_.error = {link_.error(), std::system_category()};
    failure_.text = failure_.error.message();
  } else if (link_.at_end()) {
    failure_.kind = Failure::Kind::closed;
    failure_.text = "closed in the middle of the handshake";
  } else {
    failure_.alert = alert_of(reason);
    failure_.kind = is_version_reason(reason)  ? Failure::Kind::version
                    : failure_.alert           ? Failure::Kind::peer_alert
                    : is_no_tls_reason(reason) ? Failure::Kind::not_tls
                                               : Failure::Kind::protocol;
    failure_.error = {static_cast<int>(code), openssl_category()};
    failure_.text = why == SSL_ERROR_SSL && code != 0 ? failure_.error.message() : "TLS error";
  }
  ERR_clear_error();
}

void Connection::fail(Failure::Kind kind, std::string text) {
  failure_ = {.kind = kind,
              .alert = {},
              .error = {static_cast<int>(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_TOO_MANY_KEY_UPDATES)), openssl_category()},
              .text = std::move(text)};
  ERR_clear_error();
}

std::error_code Connection::error() const { return failure_.error; }

flow::TlsLeg Connection::facts() const {
  return {.version = SSL_get_version(ssl_.get()),
          .cipher = SSL_get_cipher_name(ssl_.get()),
          .group = group_of(ssl_.get()),
          .resumed = SSL_session_reused(ssl_.get()) == 1};
}

std::string Connection::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

}  // namespace weir::tls
