#include "proxy/tls/context.hpp"

#include <new>

namespace weir::tls {
namespace {

// One read of a busy connection brings several records.
constexpr std::size_t kReadAhead = 64 * 1024;

void log_key(const SSL* ssl, const char* line) {
  static_cast<const KeyLog*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->write(line);
}

}  // namespace

Context make_context(const SSL_METHOD* method, int minimum, const KeyLog* key_log) {
  Context context(SSL_CTX_new(method));
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), minimum);
  // An end without close_notify is not hidden (Connection::is_truncated): OpenSSL is just not to answer it by an alert.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Buffers of an idle connection are given back; what a slow reader has not taken may lie elsewhere at the next try.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), kReadAhead);
  if (key_log != nullptr) {
    SSL_CTX_set_app_data(context.get(), const_cast<KeyLog*>(key_log));
    SSL_CTX_set_keylog_callback(context.get(), log_key);
  }
  return context;
}

}  // namespace weir::tls
