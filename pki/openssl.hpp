// OpenSSL's objects owned, and its errors as sentences.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace weir::pki {

template <auto Free>
struct Freeing {
  void operator()(auto* object) const { Free(object); }
};

using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using Bytes = std::vector<std::uint8_t>;

// Another reference to the same object.
Certificate share(X509*);
Key share(EVP_PKEY*);

Bytes der_of(const X509&);

// What OpenSSL's queue says was wrong first, as a sentence, or `otherwise` where it says nothing; the queue is emptied.
std::string error_text(std::string_view otherwise);

}  // namespace weir::pki
