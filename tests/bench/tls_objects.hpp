// What the benchmark's TLS programs share: OpenSSL's objects owned, sockets owned, and an end at the first error.
// Nothing of weir's own, as these programs are to judge it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace weir::bench {

// A load with errors is no measurement.
[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  ERR_print_errors_fp(stderr);
  std::_Exit(1);
}

inline void require(bool holds, const char* what) {
  if (!holds) fail(what);
}

template <auto Free>
struct Freeing {
  void operator()(auto* object) const { Free(object); }
};
using Context = std::unique_ptr<SSL_CTX, Freeing<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Freeing<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) { require(descriptor >= 0, "no socket"); }
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// A client that believes this authority (a PEM file) and no other.
inline Context client_context(const char* authority) {
  Context context(SSL_CTX_new(TLS_client_method()));
  require(context != nullptr, "no TLS context");
  require(SSL_CTX_load_verify_file(context.get(), authority) == 1, authority);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

// Asks for that name, and accepts certificates for it alone.
inline void expect_name(SSL* tls, const std::string& name) {
  require(SSL_set_tlsext_host_name(tls, name.c_str()) == 1 && SSL_set1_host(tls, name.c_str()) == 1, "name not set");
}

}  // namespace weir::bench
