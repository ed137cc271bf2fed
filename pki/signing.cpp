#include "pki/signing.hpp"

#include <openssl/bn.h>

namespace weir::pki {
namespace {

using Number = std::unique_ptr<BIGNUM, Freeing<BN_free>>;

// RFC 5280, 4.1.2.2: positive, at most 20 octets. 128 bits of which the first is set are 17 octets and never zero.
bool set_serial(X509& certificate) {
  constexpr int kBits = 128;
  const Number number(BN_new());
  return number && BN_rand(number.get(), kBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

// Those of EdDSA are part of the signature (RFC 8410). A curve wants one as long as itself (RFC 5480, 4).
const EVP_MD* digest_for(const EVP_PKEY& key) {
  if (EVP_PKEY_is_a(&key, "ED25519") == 1 || EVP_PKEY_is_a(&key, "ED448") == 1) return nullptr;
  if (EVP_PKEY_is_a(&key, "EC") != 1 || EVP_PKEY_get_bits(&key) <= 256) return EVP_sha256();
  return EVP_PKEY_get_bits(&key) <= 384 ? EVP_sha384() : EVP_sha512();
}

}  // namespace

Certificate new_certificate() {
  Certificate certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 || !set_serial(*certificate))
    return nullptr;
  return certificate;
}

bool sign(X509& certificate, EVP_PKEY& issuer_key) {
  return X509_sign(&certificate, &issuer_key, digest_for(issuer_key)) > 0;
}

}  // namespace weir::pki
