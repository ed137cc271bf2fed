// The subject alternative name as its bytes are, for checks of what OpenSSL's reading would hide. Not copied.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pki/openssl.hpp"

namespace weir::pki {

struct AlternativeName {
  int type;                             // GEN_DNS, GEN_IPADD, … (RFC 5280, 4.2.1.6: a GeneralName's tag)
  std::span<const std::uint8_t> bytes;  // within the certificate
};

// Those up to the first that cannot be read; none where the certificate has no such extension.
std::vector<AlternativeName> alternative_names(const X509&);

}  // namespace weir::pki
