#include "pki/leaf.hpp"

#include <algorithm>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "pki/common_name.hpp"
#include "pki/dates.hpp"
#include "pki/extensions.hpp"
#include "pki/signing.hpp"

namespace weir::pki {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr unsigned kRsaBits = 2048;
constexpr auto kBackDated = hours(1);  // clients' clocks differ
constexpr auto kMostValid = days(90);
constexpr std::size_t kMostInCommonName = 64;  // ub-common-name of RFC 5280, A.1

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// Where a certificate is for no DNS name, older clients take its common name for one (RFC 6125, 6.4.4).
bool keeps_common_name(const LeafRequest& request) {
  const auto& name = request.common_name;
  return !name.empty() && name.size() <= kMostInCommonName && is_plain(name) && !request.names.dns.empty();
}

Result<void> check(const Names& names) {
  if (names.empty()) return std::string("the certificate is for no name that may be put into another");
  if (!std::ranges::all_of(names.dns, is_dns_name)) return std::string("a name of the certificate is no DNS name");
  if (!std::ranges::all_of(names.addresses, [](const auto& bytes) { return bytes.size() == 4 || bytes.size() == 16; }))
    return std::string("an address of the certificate is neither IPv4 nor IPv6");
  return {};
}

Result<Period> limited(const LeafRequest& request, const Period& authority, Time now) {
  const auto from = std::max({request.not_before, authority.from, now - kBackDated});
  const auto to = std::min(request.not_after, authority.to);
  if (request.not_after < now) return "the origin's certificate expired on " + text_of(request.not_after);
  if (authority.to < now) return "weir's authority expired on " + text_of(authority.to);
  // RFC 5280, 4.1.2.5: the last second belongs to it.
  return Period{.from = from, .to = to - from < kMostValid ? to : from + kMostValid - seconds(1)};
}

Result<Period> period_for(const LeafRequest& request, const X509& authority, Time now) {
  auto period = request.validity == Validity::mirrored
                    ? Result<Period>(Period{.from = request.not_before, .to = request.not_after})
                    : limited(request, period_of(authority), now);
  if (period && period->to < period->from)
    return "the certificate would expire, on " + text_of(period->to) + ", before it is valid";
  return period;
}

bool set_subject(X509& certificate, const LeafRequest& request) {
  if (!keeps_common_name(request)) return true;
  const auto& name = request.common_name;
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(&certificate), NID_commonName, MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()),
                                    -1, 0) == 1;
}

bool add_usage(X509& certificate, KeyKind kind) {
  // RFC 5280, 4.2.1.3; TLS 1.2 may encipher its secret with an RSA key (RFC 5246, 7.4.2).
  const bool done = kind == KeyKind::rsa
                        ? add_key_usage(certificate, {KeyUse::digital_signature, KeyUse::key_encipherment})
                        : add_key_usage(certificate, {KeyUse::digital_signature});
  return done && add_server_usage(certificate);
}

// RFC 5280, 4.1.2.6: where the subject is empty, the names are critical.
bool fill(X509& certificate, const LeafRequest& request, const Period& period, X509& issuer, EVP_PKEY& key) {
  return set_period(certificate, period) && set_subject(certificate, request) &&
         X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer)) == 1 &&
         X509_set_pubkey(&certificate, &key) == 1 && add_leaf_constraints(certificate) &&
         add_usage(certificate, request.key) && add_subject_key_id(certificate) &&
         add_authority_key_id(certificate, issuer) &&
         add_alternative_names(certificate, request.names, !keeps_common_name(request));
}

std::vector<Certificate> share_all(const std::vector<Certificate>& certificates) {
  std::vector<Certificate> shared;
  shared.reserve(certificates.size());
  for (const auto& certificate : certificates) shared.push_back(share(certificate.get()));
  return shared;
}

}  // namespace

LeafRequest request_from(const X509& origin, KeyKind key) {
  const auto period = period_of(origin);
  return {.names = names_of(origin),
          .common_name = common_name_of(origin),
          .not_before = period.from,
          .not_after = period.to,
          .key = key};
}

Result<std::unique_ptr<LeafMaker>> LeafMaker::make(std::shared_ptr<const Authority> authority) {
  Key ecdsa(EVP_EC_gen("P-256"));
  if (!ecdsa) return "no ECDSA key could be made: " + error_text("OpenSSL does not say why");
  return std::make_unique<LeafMaker>(std::move(authority), std::move(ecdsa));
}

Result<Key> LeafMaker::key_of(KeyKind kind) const {
  if (kind == KeyKind::ecdsa) return share(ecdsa_.get());
  const std::lock_guard lock(rsa_mutex_);
  if (!rsa_) rsa_.reset(EVP_RSA_gen(kRsaBits));
  if (!rsa_) return "no RSA key could be made: " + error_text("OpenSSL does not say why");
  return share(rsa_.get());
}

Result<LeafPointer> LeafMaker::make_leaf(const LeafRequest& request, Time now) const {
  if (const auto checked = check(request.names); !checked) return checked.error();
  const auto period = period_for(request, *authority_->certificate(), now);
  if (!period) return period.error();
  auto key = key_of(request.key);
  if (!key) return key.error();
  auto certificate = new_certificate();
  if (!certificate || !fill(*certificate, request, *period, *authority_->certificate(), **key) ||
      !sign(*certificate, *authority_->key()))
    return "no certificate could be made: " + error_text("OpenSSL does not say why");
  return std::make_shared<const Leaf>(Leaf{std::move(certificate), *std::move(key), share_all(authority_->chain())});
}

}  // namespace weir::pki
