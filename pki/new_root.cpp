#include "pki/new_root.hpp"

#include <algorithm>
#include <chrono>

#include <openssl/ec.h>

#include "pki/extensions.hpp"
#include "pki/signing.hpp"

namespace weir::pki {
namespace {

constexpr auto kBackDated = std::chrono::hours(1);  // clients' clocks differ
constexpr unsigned kMostYears = 30;

// Without a domain the answer is empty.
Result<std::vector<std::string>> checked_domains(const std::vector<std::string>& domains) {
  std::vector<std::string> checked;
  for (const auto& domain : domains) {
    const auto names = name_for(domain);
    if (!names || names->dns.empty())
      return "'" + domain + "' is no domain that an authority can be kept to; write it as example.com";
    checked.push_back(names->dns.front());
  }
  return checked;
}

Result<void> check(const NewAuthority& wanted) {
  if (wanted.years < 1 || wanted.years > kMostYears) return std::string("an authority is made for 1 to 30 years");
  if (std::ranges::any_of(wanted.name, [](unsigned char c) { return c < ' ' || c == 0x7f; }))
    return std::string("the authority's name may not hold control characters");
  return {};
}

bool add_to_subject(X509& certificate, int what, const std::string& text) {
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(&certificate), what, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()),
                                    -1, 0) == 1;
}

bool fill(X509& certificate, const std::vector<std::string>& domains, const Period& period, EVP_PKEY& key) {
  return add_to_subject(certificate, NID_organizationName, "weir") && set_period(certificate, period) &&
         X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate)) == 1 &&
         X509_set_pubkey(&certificate, &key) == 1 && add_authority_constraints(certificate) &&
         add_key_usage(certificate, {KeyUse::certificate_signing, KeyUse::revocation_list_signing}) &&
         add_subject_key_id(certificate) && (domains.empty() || add_name_constraints(certificate, domains));
}

}  // namespace

Result<NewRoot> make_root(const NewAuthority& wanted, Time now) {
  if (const auto fine = check(wanted); !fine) return fine.error();
  const auto domains = checked_domains(wanted.only_for);
  if (!domains) return domains.error();
  NewRoot root{.certificate = new_certificate(), .key = Key(EVP_EC_gen("P-256"))};
  if (!root.certificate || !root.key) return "no key could be made: " + error_text("OpenSSL does not say why");
  if (!add_to_subject(*root.certificate, NID_commonName, wanted.name)) {
    error_text("");
    return std::string("the authority's name must be 1 to 64 characters of UTF-8");
  }
  const Period period{.from = now - kBackDated, .to = now + std::chrono::years(wanted.years)};
  if (!fill(*root.certificate, *domains, period, *root.key) || !sign(*root.certificate, *root.key))
    return "no certificate could be made: " + error_text("OpenSSL does not say why");
  return root;
}

}  // namespace weir::pki
