// Certificates as a test wants them, wrong ones among them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "pki/dates.hpp"
#include "pki/signing.hpp"
#include "tests/unit/catch.hpp"

namespace weir::tests {

// DER of tag, length and value.
inline std::string tlv(int tag, std::string_view value) {
  const auto byte = [&](unsigned shift) { return static_cast<char>(value.size() >> shift); };
  std::string der(1, static_cast<char>(tag));
  if (value.size() >= 0x80) der += {'\x83', byte(16), byte(8)};  // BER, which OpenSSL takes
  return der + byte(0) + std::string(value);
}

inline std::string dns(std::string_view name) { return tlv(0x82, name); }  // a GeneralName, RFC 5280, 4.2.1.6
inline std::string address(std::string_view bytes) { return tlv(0x87, bytes); }

struct MadeCertificate {
  std::string common_name = "www.example.test";
  int common_name_type = MBSTRING_UTF8;
  std::string general_names{};                            // DER of each; empty: no such extension
  std::vector<std::pair<int, std::string>> extensions{};  // in the words of openssl's x509v3_config(5)
  pki::Time from = std::chrono::system_clock::now() - std::chrono::hours(1000);
  pki::Time to = std::chrono::system_clock::now() + std::chrono::hours(1000);
  X509* issuer = nullptr;  // itself
  EVP_PKEY* issuer_key = nullptr;

  pki::Certificate sign(EVP_PKEY* key) const {
    auto certificate = pki::new_certificate();
    auto* x509 = certificate.get();
    if (!common_name.empty())
      REQUIRE(X509_NAME_add_entry_by_NID(X509_get_subject_name(x509), NID_commonName, common_name_type,
                                         reinterpret_cast<const unsigned char*>(common_name.data()),
                                         static_cast<int>(common_name.size()), -1, 0) == 1);
    REQUIRE(X509_set_issuer_name(x509, X509_get_subject_name(issuer == nullptr ? x509 : issuer)) == 1);
    REQUIRE(pki::set_period(*x509, {from, to}));
    REQUIRE(X509_set_pubkey(x509, key) == 1);
    for (const auto& [what, value] : extensions) add(x509, X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()));
    if (!general_names.empty()) add(x509, subject_alternative_name());
    REQUIRE(pki::sign(*x509, issuer_key == nullptr ? *key : *issuer_key));
    return certificate;
  }

 private:
  static void add(X509* x509, X509_EXTENSION* extension) {
    REQUIRE(extension != nullptr);
    REQUIRE(X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }

  X509_EXTENSION* subject_alternative_name() const {
    const auto der = tlv(0x30, general_names);
    auto* octets = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(octets, reinterpret_cast<const unsigned char*>(der.data()), static_cast<int>(der.size()));
    auto* extension = X509_EXTENSION_create_by_NID(nullptr, NID_subject_alt_name, 0, octets);
    ASN1_OCTET_STRING_free(octets);
    return extension;
  }
};

inline pki::Key p256() { return pki::Key(EVP_EC_gen("P-256")); }

}  // namespace weir::tests
