// What both kinds of SSL_CTX have in common.
#pragma once

#include <memory>

#include <openssl/ssl.h>

#include "proxy/tls/key_log.hpp"

namespace weir::tls {

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, SslContextFree>;

// `minimum`: TLS1_2_VERSION or TLS1_3_VERSION. The key log outlives the context. Throws std::bad_alloc.
Context make_context(const SSL_METHOD*, int minimum, const KeyLog*);

}  // namespace weir::tls
