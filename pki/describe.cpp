// An authority's certificate as files and as text.
#include <array>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/authority.hpp"
#include "pki/dates.hpp"

namespace weir::pki {
namespace {

using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;
using BasicConstraints = std::unique_ptr<BASIC_CONSTRAINTS, Freeing<BASIC_CONSTRAINTS_free>>;
using NameConstraints = std::unique_ptr<NAME_CONSTRAINTS, Freeing<NAME_CONSTRAINTS_free>>;

// What `write` writes.
template <typename Write>
std::string text_by(Write write) {
  const Bio memory(BIO_new(BIO_s_mem()));
  if (!memory) return {};
  write(memory.get());
  char* start = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &start);
  return {start, static_cast<std::size_t>(size)};
}

std::string digest_text(const X509& certificate, const EVP_MD* digest) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  X509_digest(&certificate, digest, bytes.data(), &size);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += {kDigits[bytes[i] >> 4U], kDigits[bytes[i] & 15U]};
  }
  return text;
}

std::string key_text(const X509& certificate) {
  const auto* key = X509_get0_pubkey(&certificate);
  if (key == nullptr) return "of a kind that OpenSSL does not know";
  const auto* kind = EVP_PKEY_get0_type_name(key);
  std::array<char, 64> group{};
  const bool has_group = EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1;
  return std::string(kind != nullptr ? kind : "?") + (has_group ? std::string(" ") + group.data() : "") + ", " +
         std::to_string(EVP_PKEY_get_bits(key)) + " bits";
}

std::string rights_text(const X509& certificate) {
  const BasicConstraints constraints(
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(&certificate, NID_basic_constraints, nullptr, nullptr)));
  if (!constraints || constraints->ca == 0) return "no certificates: it is no authority's";
  if (constraints->pathlen != nullptr && ASN1_INTEGER_get(constraints->pathlen) == 0)
    return "leaf certificates, no further authorities (path length 0)";
  return "leaf certificates and further authorities";
}

// The domains it is kept to, each behind `separator`.
std::string domains_text(const X509& certificate, std::string_view separator) {
  const NameConstraints constraints(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(&certificate, NID_name_constraints, nullptr, nullptr)));
  std::string text;
  if (!constraints) return text;
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees); ++i) {
    const auto* base = sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, i)->base;
    if (base->type != GEN_DNS) continue;
    text += separator;
    text += text_by([&](BIO* to) { ASN1_STRING_print_ex(to, base->d.dNSName, ASN1_STRFLGS_ESC_CTRL); });
  }
  return text;
}

}  // namespace

std::string to_pem(const X509& certificate) {
  return text_by([&](BIO* to) { PEM_write_bio_X509(to, &certificate); });
}

std::string to_der(const X509& certificate) {
  const auto der = der_of(certificate);
  return {der.begin(), der.end()};
}

// With all that is not printable escaped, so that no name writes to the terminal by itself.
std::string subject(const X509& certificate) {
  return text_by([&](BIO* to) {
    X509_NAME_print_ex(to, X509_get_subject_name(&certificate), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  });
}

std::string fingerprint(const X509& certificate) { return digest_text(certificate, EVP_sha256()); }

std::string describe(const X509& certificate) {
  const auto period = period_of(certificate);
  const auto domains = domains_text(certificate, "\n             ");
  return "subject      " + subject(certificate) + "\nvalid from   " + text_of(period.from) + "\n      until  " +
         text_of(period.to) + "\nkey          " + key_text(certificate) + "\nmay sign     " + rights_text(certificate) +
         (domains.empty() ? "" : "\nonly for     " + domains.substr(14)) + "\nSHA-256      " +
         fingerprint(certificate) + "\nSHA-1        " + digest_text(certificate, EVP_sha1()) + "\n";
}

}  // namespace weir::pki
