// The names a certificate is for (RFC 5280, 4.2.1.6), as far as they may be put into another. Pure but for OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pki/openssl.hpp"

namespace weir::pki {

struct Names {
  std::vector<std::string> dns{};        // in lower case; "*.x" where the first label is a whole wildcard
  std::vector<std::string> addresses{};  // 4 or 16 raw bytes each
  std::size_t left_out = 0;              // that are no valid names, of another type, or too many

  bool empty() const { return dns.empty() && addresses.empty(); }
};

inline constexpr std::size_t kMostNames = 1000;

// Whether it may stand in a certificate as a dNSName: LDH labels and underscores, no NUL, no empty label, at most 253
// characters, perhaps "*." first; no IP address in text.
bool is_dns_name(std::string_view);

// Those of the subject alternative name, each once, the first kMostNames; the common name is no name (RFC 9525, 6.3).
Names names_of(const X509&);

// Of a name a client asked for or, where it named none, of an address in text; nothing where it is neither, or a
// wildcard.
std::optional<Names> name_for(std::string_view name_or_address);

}  // namespace weir::pki
