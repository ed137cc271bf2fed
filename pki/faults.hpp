// OpenSSL's verification errors in weir's words.
#pragma once

#include "pki/trust.hpp"

namespace weir::pki {

// `error`: one of X509_V_ERR_…; `certificate`: the one it is about, at `depth`, the leaf at 0. Allocates nothing.
Fault fault_of(int error, int depth, X509* certificate);

}  // namespace weir::pki
