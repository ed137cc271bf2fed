// What people call a certificate.
#pragma once

#include <string>

#include "pki/openssl.hpp"

namespace weir::pki {

// The subject's common name in UTF-8, of several the last: it is the most specific. Empty where there is none. It may
// hold any character, NUL among them.
std::string common_name_of(const X509&);

}  // namespace weir::pki
