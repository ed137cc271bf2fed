// The extensions of the certificates that weir makes (RFC 5280, 4.2), from values and never from text that is parsed.
// Each function says whether OpenSSL did it; what it refuses is in its error queue.
#pragma once

#include <string>
#include <vector>

#include "pki/names.hpp"
#include "pki/openssl.hpp"

namespace weir::pki {

enum class KeyUse : int {  // bits of RFC 5280, 4.2.1.3
  digital_signature = 0,
  key_encipherment = 2,
  certificate_signing = 5,
  revocation_list_signing = 6,
};

bool add_authority_constraints(X509&);  // a CA's that signs no other CA
bool add_leaf_constraints(X509&);
bool add_key_usage(X509&, std::initializer_list<KeyUse>);
bool add_server_usage(X509&);
bool add_subject_key_id(X509&);  // of the key that is set
bool add_authority_key_id(X509&, X509& issuer);
bool add_alternative_names(X509&, const Names&, bool critical);
// Those domains and what is below them; no address.
bool add_name_constraints(X509&, const std::vector<std::string>& domains);

}  // namespace weir::pki
