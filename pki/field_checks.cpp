#include "pki/field_checks.hpp"

#include <algorithm>

#include <openssl/x509v3.h>

#include "pki/alternative_names.hpp"
#include "pki/names.hpp"

namespace weir::pki {
namespace {

constexpr int kSecurityBits = 112;  // of OpenSSL's level 2

// RFC 5280, 4.1.2.2: positive, at most 20 octets. In DER the first bit of those is the sign.
const char* problem_with_serial(const X509& certificate) {
  constexpr int kMostOctets = 20;
  const auto* serial = X509_get0_serialNumber(&certificate);
  if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER) return "negative serial number";
  const auto* bytes = ASN1_STRING_get0_data(serial);
  const int size = ASN1_STRING_length(serial);
  if (size == 0 || (size == 1 && bytes[0] == 0)) return "serial number zero";
  if (size > kMostOctets || (size == kMostOctets && bytes[0] >= 0x80)) return "serial number of over 20 octets";
  return nullptr;
}

// RFC 5280, 4.1.2.1.
const char* problem_with_version(const X509& certificate) {
  const auto version = X509_get_version(&certificate);
  if (version < X509_VERSION_1 || version > X509_VERSION_3) return "no version of X.509";
  if (version != X509_VERSION_3 && X509_get_ext_count(&certificate) > 0) return "extensions, but not version 3";
  return nullptr;
}

// Has an extension that OpenSSL knows but cannot read, or one twice (RFC 5280, 4.2).
bool is_unreadable(X509* certificate) { return (X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0; }

// OpenSSL leaves out the last certificate of a chain, which is no trust anchor where the chain is not trusted.
bool signed_weakly(X509* certificate) {
  if ((X509_get_extension_flags(certificate) & EXFLAG_SS) != 0) return false;
  int bits = 0;
  return X509_get_signature_info(certificate, nullptr, nullptr, &bits, nullptr) != 1 || bits < kSecurityBits;
}

// RFC 5280, 4.2.1.6: a dNSName is an IA5String in the preferred name syntax, an iPAddress has 4 or 16 octets.
const char* problem_with(const AlternativeName& name) {
  const auto is_ia5 = [](std::uint8_t byte) { return byte != 0 && byte < 0x80; };
  const auto size = name.bytes.size();
  if (name.type == GEN_DNS && !std::ranges::all_of(name.bytes, is_ia5)) return "NUL or no ASCII in a name";
  if (name.type == GEN_IPADD && size != 4 && size != 16) return "address of neither 4 nor 16 octets";
  return nullptr;
}

void check_names(Findings& findings, X509* leaf) {
  std::size_t count = 0;
  for (const auto& name : alternative_names(*leaf)) {
    if (name.type == GEN_DNS || name.type == GEN_IPADD) ++count;
    if (const auto* problem = problem_with(name)) findings.add(Fault::malformed, problem, 0, leaf);
  }
  if (count > kMostNames) findings.add(Fault::too_many_names, "more names than are read", 0, leaf);
}

// Keys that can do nothing else. OpenSSL is content with any usage that some TLS has a use for; browsers are not.
bool may_only_sign(X509* leaf) {
  const auto* key = X509_get0_pubkey(leaf);
  const int kind = key == nullptr ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key);
  return kind == EVP_PKEY_EC || kind == EVP_PKEY_ED25519 || kind == EVP_PKEY_ED448;
}

}  // namespace

void check_readable(Findings& findings, X509* leaf) {
  if (is_unreadable(leaf)) findings.add(Fault::malformed, "extension that cannot be read", 0, leaf);
}

void check_fields(Findings& findings, int depth, X509* certificate) {
  const auto malformed = [&](const char* words) { findings.add(Fault::malformed, words, depth, certificate); };
  if (const auto* problem = problem_with_serial(*certificate)) malformed(problem);
  if (const auto* problem = problem_with_version(*certificate)) malformed(problem);
  if (signed_weakly(certificate)) findings.add(Fault::weak_signature, "signature too weak", depth, certificate);
}

void check_leaf(Findings& findings, X509* leaf) {
  check_names(findings, leaf);
  const bool knows_usage = !is_unreadable(leaf);
  if (knows_usage && may_only_sign(leaf) && (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0)
    findings.add(Fault::wrong_usage, "key usage without digitalSignature", 0, leaf);
}

}  // namespace weir::pki
