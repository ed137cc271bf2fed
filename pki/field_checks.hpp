// What OpenSSL does not find fault with, but should be, in the certificates that an origin sends.
#pragma once

#include "pki/findings.hpp"

namespace weir::pki {

// Of the leaf before OpenSSL verifies it, for it would say that its issuer is missing, and might let it pass.
void check_readable(Findings&, X509* leaf);

// Of any certificate of the chain that is no trust anchor.
void check_fields(Findings&, int depth, X509* certificate);

// Of the leaf besides.
void check_leaf(Findings&, X509* leaf);

}  // namespace weir::pki
