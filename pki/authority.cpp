#include "pki/authority.hpp"

#include <algorithm>
#include <optional>

#include <openssl/x509v3.h>

#include "pki/dates.hpp"
#include "pki/new_root.hpp"
#include "pki/pem_file.hpp"

namespace weir::pki {
namespace {

using Problem = std::optional<std::string>;

Problem problem_with_dates(const X509& certificate, Time now) {
  const auto period = period_of(certificate);
  if (now < period.from) return "is not valid before " + text_of(period.from) + "; is the clock right?";
  if (now > period.to) return "expired on " + text_of(period.to) + "; make another with `weir ca init`";
  return std::nullopt;
}

// X509_get_key_usage answers all bits where there is no such extension.
Problem problem_with_rights(X509& certificate) {
  const auto flags = X509_get_extension_flags(&certificate);
  if ((flags & EXFLAG_INVALID) != 0) return "has extensions that cannot be read";
  if ((flags & EXFLAG_CA) == 0) return "is no certificate authority's (its basic constraints do not say CA:TRUE)";
  if ((X509_get_key_usage(&certificate) & KU_KEY_CERT_SIGN) == 0)
    return "may not sign certificates (its key usage does not say so)";
  return std::nullopt;
}

// NIST SP 800-57: 112 bits are RSA with 2048 and curves with 224.
Problem problem_with_strength(const EVP_PKEY* key) {
  constexpr int kLeastSecurity = 112;
  if (key == nullptr) return "has a key that OpenSSL cannot use";
  if (EVP_PKEY_get_security_bits(key) < kLeastSecurity)
    return "has a weak key, of " + std::to_string(EVP_PKEY_get_bits(key)) +
           " bits; what is right is ECDSA from P-256 on or RSA from 2048 bits on";
  return std::nullopt;
}

Problem problem_with(X509& certificate, Time now) {
  if (auto problem = problem_with_rights(certificate)) return problem;
  if (auto problem = problem_with_dates(certificate, now)) return problem;
  return problem_with_strength(X509_get0_pubkey(&certificate));
}

bool has_issued(X509& issuer, X509& subject) {
  return X509_check_issued(&issuer, &subject) == X509_V_OK && X509_verify(&subject, X509_get0_pubkey(&issuer)) == 1;
}

// Says nothing of the first where there is only one: most files are so.
std::string ordinal(std::size_t i, std::size_t all) {
  return all == 1 ? "the certificate " : "certificate " + std::to_string(i + 1) + " ";
}

Problem problem_with_all(const std::vector<Certificate>& upwards, Time now) {
  for (std::size_t i = 0; i < upwards.size(); ++i) {
    if (i > 0 && !has_issued(*upwards[i], *upwards[i - 1]))
      return "certificate " + std::to_string(i + 1) + " has not issued certificate " + std::to_string(i) +
             "; the right order is the one that signs, then each issuer of the one before";
    if (const auto problem = problem_with(*upwards[i], now)) return ordinal(i, upwards.size()) + *problem;
  }
  return std::nullopt;
}

std::vector<Certificate> without_root(const std::vector<Certificate>& upwards) {
  constexpr int kVerifySignature = 1;
  std::vector<Certificate> chain;
  for (const auto& certificate : upwards)
    if (X509_self_signed(certificate.get(), kVerifySignature) != 1) chain.push_back(share(certificate.get()));
  return chain;
}

}  // namespace

Authority::Authority(std::vector<Certificate> upwards, Key key)
    : certificate_(share(upwards.front().get())),
      key_(std::move(key)),
      chain_(without_root(upwards)),
      root_(share(upwards.back().get())) {}

std::chrono::system_clock::time_point Authority::expires() const {
  auto first = std::min(period_of(*certificate_).to, period_of(*root_).to);
  for (const auto& certificate : chain_) first = std::min(first, period_of(*certificate).to);
  return first;
}

Result<Authority> Authority::load(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  auto upwards = read_certificates(certificate);
  if (!upwards) return upwards.error();
  const auto problem = problem_with_all(*upwards, std::chrono::system_clock::now());
  error_text("");  // what OpenSSL thinks of it is said already
  if (problem) return certificate.string() + ": " + *problem;
  auto signing = read_key(key);
  if (!signing) return signing.error();
  if (X509_check_private_key(upwards->front().get(), signing->get()) != 1) {
    error_text("");
    return key.string() + ": is not the key of the certificate in " + certificate.string();
  }
  return Authority(*std::move(upwards), *std::move(signing));
}

Result<Authority> make_untrusted_authority() {
  auto root = make_root({.name = "not trusted: weir found fault with this site"}, std::chrono::system_clock::now());
  if (!root) return root.error();
  std::vector<Certificate> upwards;
  upwards.push_back(std::move(root->certificate));
  return Authority(std::move(upwards), std::move(root->key));
}

Result<Certificate> read_certificate(const std::filesystem::path& file) {
  auto certificates = read_certificates(file);
  if (!certificates) return certificates.error();
  return std::move(certificates->front());
}

Result<Certificate> read_root(const std::filesystem::path& file) {
  auto certificates = read_certificates(file);
  if (!certificates) return certificates.error();
  return std::move(certificates->back());
}

}  // namespace weir::pki
