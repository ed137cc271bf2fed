#include "pki/faults.hpp"

#include <algorithm>

#include <openssl/x509v3.h>

namespace weir::pki {
namespace {

// OpenSSL looks for no issuer of a certificate whose extensions it cannot read, so that none is found says nothing.
Fault no_issuer_of(X509* certificate) {
  const bool unreadable = (X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0;
  return unreadable ? Fault::malformed : Fault::unknown_issuer;
}

// Of an issuer, OpenSSL's "purpose" is also that it is a CA and may sign certificates.
Fault wrong_purpose_of(X509* certificate, int depth) {
  return depth > 0 && X509_check_ca(certificate) == 0 ? Fault::not_an_authority : Fault::wrong_usage;
}

// To OpenSSL, a key that it cannot read is too small.
Fault too_small_key_of(X509* certificate) {
  return X509_get0_pubkey(certificate) == nullptr ? Fault::malformed : Fault::weak_key;
}

}  // namespace

Fault fault_of(int error, int depth, X509* certificate) {
  switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID: return depth == 0 ? Fault::not_yet_valid : Fault::issuer_not_valid;
    case X509_V_ERR_CERT_HAS_EXPIRED: return depth == 0 ? Fault::expired : Fault::issuer_not_valid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return Fault::wrong_name;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return Fault::self_signed;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:  // follows from the one before
      return no_issuer_of(certificate);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED: return Fault::unknown_issuer;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED: return Fault::not_an_authority;
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX: return Fault::name_constraints;
    case X509_V_ERR_INVALID_PURPOSE: return wrong_purpose_of(certificate, depth);
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL: return too_small_key_of(certificate);
    case X509_V_ERR_CA_MD_TOO_WEAK: return Fault::weak_signature;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: return Fault::bad_signature;
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    case X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED:  // RFC 3820 marks them by one
      return Fault::critical_extension;
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
    case X509_V_ERR_INVALID_EXTENSION:
    case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:  // RFC 5480, 2.1.1
      return Fault::malformed;
    default: return Fault::other;
  }
}

const char* name(Fault fault) {
  switch (fault) {
    case Fault::no_certificate: return "no_certificate";
    case Fault::not_yet_valid: return "not_yet_valid";
    case Fault::expired: return "expired";
    case Fault::wrong_name: return "wrong_name";
    case Fault::self_signed: return "self_signed";
    case Fault::unknown_issuer: return "unknown_issuer";
    case Fault::issuer_not_valid: return "issuer_not_valid";
    case Fault::not_an_authority: return "not_an_authority";
    case Fault::name_constraints: return "name_constraints";
    case Fault::wrong_usage: return "wrong_usage";
    case Fault::weak_key: return "weak_key";
    case Fault::weak_signature: return "weak_signature";
    case Fault::bad_signature: return "bad_signature";
    case Fault::critical_extension: return "critical_extension";
    case Fault::malformed: return "malformed";
    case Fault::too_many_names: return "too_many_names";
    case Fault::other: return "other";
  }
  return "other";
}

const char* sentence(Fault fault) {
  switch (fault) {
    case Fault::no_certificate: return "The site sent no certificate.";
    case Fault::not_yet_valid: return "The site's certificate is not valid yet.";
    case Fault::expired: return "The site's certificate has expired.";
    case Fault::wrong_name: return "The site's certificate is for another name.";
    case Fault::self_signed: return "The site's certificate is signed by itself, and by nobody who is trusted.";
    case Fault::unknown_issuer: return "The site's certificate is signed by nobody who is trusted.";
    case Fault::issuer_not_valid: return "A certificate that the site's depends on has expired or is not valid yet.";
    case Fault::not_an_authority: return "The site's certificate is signed by somebody who may not sign it.";
    case Fault::name_constraints:
      return "The site's certificate is signed by somebody who may not speak for its names.";
    case Fault::wrong_usage: return "The site's certificate is not meant for a web site.";
    case Fault::weak_key: return "The site's certificate depends on a key that is too weak.";
    case Fault::weak_signature: return "The site's certificate depends on a signature that is too weak.";
    case Fault::bad_signature: return "The site's certificate depends on a signature that is wrong.";
    case Fault::critical_extension: return "The site's certificate makes a demand that is not known here.";
    case Fault::malformed: return "The site's certificate is malformed.";
    case Fault::too_many_names: return "The site's certificate is for too many names.";
    case Fault::other: return "The site's certificate could not be verified.";
  }
  return "The site's certificate could not be verified.";
}

bool Verdict::only(std::initializer_list<Fault> those) const {
  const auto is_one = [&](Fault fault) { return std::ranges::find(those, fault) != those.end(); };
  return !trusted() && std::ranges::all_of(faults, is_one);
}

}  // namespace weir::pki
