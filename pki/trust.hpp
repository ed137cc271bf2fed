// Whether an origin's certificate is to be believed: whom weir trusts, and everything that was found wrong.
#pragma once

#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "pki/authority.hpp"
#include "pki/openssl.hpp"

namespace weir::pki {

// One thing wrong with a chain, in the order in which a person should hear of it.
enum class Fault : std::uint8_t {
  no_certificate,    // the origin sent none
  not_yet_valid,     // the leaf's start lies ahead
  expired,           // the leaf's end has passed
  wrong_name,        // the leaf is not for the name, or the address, that the client asked for (RFC 9525)
  self_signed,       // the leaf is its own issuer
  unknown_issuer,    // the chain ends at a root that is not trusted, or an intermediate is missing
  issuer_not_valid,  // an issuer's time is over, or has not come
  not_an_authority,  // an issuer is no CA, may not sign certificates, or its path length is exceeded
  name_constraints,  // an issuer may not speak for that name
  wrong_usage,       // key usage or extended key usage does not allow a TLS server
  weak_key,          // RSA or DSA under 2048 bits, EC under 224
  weak_signature,    // MD5, SHA-1
  bad_signature,
  critical_extension,  // one that is marked critical and not known
  malformed,  // fields no certificate may have (RFC 5280): a serial that is not positive, a version that is wrong, …
  too_many_names,  // more than kMostNames
  other,
};

// A word for records and metrics ("expired"), and a sentence for the block page.
const char* name(Fault);
const char* sentence(Fault);

struct Verdict {
  std::vector<Fault> faults;  // each once; empty: trusted
  std::string detail;         // OpenSSL's words for the first, its depth, the names or dates it is about; one line, no
                              // byte of the certificate unescaped
  bool trusted() const { return faults.empty(); }
  // Whether there are faults, and all are among `those`: where they are the leaf's dates or its names, a leaf of a
  // trusted authority that mirrors them shows the same fault.
  bool only(std::initializer_list<Fault> those) const;
};

// Whom weir trusts. Immutable; threads may share it.
class Trust {
 public:
  // "system": OpenSSL's own default places. Else a PEM file with at least one certificate.
  static Result<Trust> load(const std::string& where);

  X509_STORE* store() const { return store_.get(); }

  // `chain`: as the origin sent it, its leaf first. `name`: what the client asked for, a DNS name or an address in
  // text; nothing: the client named none, and will judge by the names in its own leaf. Never throws.
  Verdict verify(X509* leaf, STACK_OF(X509) * chain, const std::optional<std::string>& name, std::time_t now) const;

 private:
  explicit Trust(Store store) : store_(std::move(store)) {}

  Store store_;
};

}  // namespace weir::pki
