#include "pki/detail.hpp"

#include <array>
#include <ctime>

#include <arpa/inet.h>

#include <openssl/x509v3.h>

#include "pki/alternative_names.hpp"

namespace weir::pki {
namespace {

constexpr std::size_t kMostQuoted = 64;
constexpr std::size_t kMostDetail = 300;
constexpr std::size_t kNamesShown = 2;

std::string_view text_of(const ASN1_STRING* string) {
  const auto* bytes = ASN1_STRING_get0_data(string);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// With everything but printable ASCII as \xNN, and dots where it is cut.
std::string in_quotes(std::string_view bytes) {
  constexpr auto kDigits = "0123456789abcdef";
  std::string text = "\"";
  for (const char byte : bytes) {
    if (text.size() > kMostQuoted) return text + "...\"";
    if (byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\') {
      text += byte;
    } else {
      const auto value = static_cast<unsigned char>(byte);
      text += {'\\', 'x', kDigits[value >> 4U], kDigits[value & 15U]};
    }
  }
  return text + '"';
}

std::string day_of(const ASN1_TIME* time) {
  std::tm parts{};
  std::array<char, 32> text{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "on a day that cannot be read";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

std::string shown(const AlternativeName& name) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto family = name.bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
  const bool is_address = name.type == GEN_IPADD && (family == AF_INET || name.bytes.size() == sizeof(in6_addr));
  if (is_address && inet_ntop(family, name.bytes.data(), text.data(), text.size()) != nullptr) return text.data();
  return in_quotes({reinterpret_cast<const char*>(name.bytes.data()), name.bytes.size()});
}

std::string names_of_site(const X509& certificate) {
  std::string text;
  std::size_t count = 0;
  for (const auto& name : alternative_names(certificate)) {
    if (name.type != GEN_DNS && name.type != GEN_IPADD) continue;
    if (count++ < kNamesShown) text += (text.empty() ? "" : ", ") + shown(name);
  }
  if (count == 0) return "no name at all";
  if (count > kNamesShown) text += " and " + std::to_string(count - kNamesShown) + " more";
  return text;
}

// Its common name; else its whole subject.
std::string subject_of(const X509& certificate) {
  const auto* subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) return in_quotes(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  std::array<char, 4 * kMostQuoted> text{};
  X509_NAME_oneline(subject, text.data(), static_cast<int>(text.size()));
  return in_quotes(text.data());
}

std::string what(Fault fault, const Finding& finding, const std::optional<std::string>& asked) {
  const auto* certificate = finding.certificate.get();
  if (fault == Fault::wrong_name)
    return "is for " + names_of_site(*certificate) + ", not for " + in_quotes(asked.value_or(""));
  if (finding.words == X509_verify_cert_error_string(X509_V_ERR_CERT_HAS_EXPIRED))
    return "expired " + day_of(X509_get0_notAfter(certificate));
  if (finding.words == X509_verify_cert_error_string(X509_V_ERR_CERT_NOT_YET_VALID))
    return "not valid before " + day_of(X509_get0_notBefore(certificate));
  return finding.words;
}

}  // namespace

std::string detail_of(Fault fault, const Finding& finding, const std::optional<std::string>& asked) {
  if (finding.certificate == nullptr) return finding.words;
  auto text = what(fault, finding, asked) + " (depth " + std::to_string(finding.depth) + ", " +
              subject_of(*finding.certificate) + ")";
  if (text.size() > kMostDetail) text.replace(kMostDetail, std::string::npos, "...");
  return text;
}

}  // namespace weir::pki
