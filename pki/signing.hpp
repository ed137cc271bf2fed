// What every certificate that weir makes has: a version, a serial, a signature.
#pragma once

#include "pki/openssl.hpp"

namespace weir::pki {

// Version 3 with a fresh random serial; empty when there is no memory or no randomness.
Certificate new_certificate();

// With the digest that suits the key.
bool sign(X509&, EVP_PKEY& issuer_key);

}  // namespace weir::pki
