#include "pki/openssl.hpp"

#include <array>

#include <openssl/err.h>

namespace weir::pki {

Certificate share(X509* certificate) {
  if (certificate != nullptr) X509_up_ref(certificate);
  return Certificate(certificate);
}

Key share(EVP_PKEY* key) {
  if (key != nullptr) EVP_PKEY_up_ref(key);
  return Key(key);
}

Bytes der_of(const X509& certificate) {
  unsigned char* start = nullptr;
  const int size = i2d_X509(&certificate, &start);
  if (size <= 0) return {};
  Bytes der(start, start + size);
  OPENSSL_free(start);
  return der;
}

std::string error_text(std::string_view otherwise) {
  const auto code = ERR_peek_error();
  ERR_clear_error();
  if (code == 0) return std::string(otherwise);
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

}  // namespace weir::pki
