// Apple's configuration profiles: a property list whose payload is the certificate.
#include <array>
#include <string_view>

#include <openssl/evp.h>

#include "pki/authority.hpp"
#include "pki/common_name.hpp"

namespace weir::pki {
namespace {

std::string base64(const Bytes& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock ends it with a zero
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

// XML 1.0, 2.2 and 2.4: markup is escaped; what is no character of XML's, U+FFFE and U+FFFF with it, is a question
// mark.
std::string xml_text(std::string_view text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto three = text.substr(i, 3);
    if (three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {
      escaped += '?';
      i += 2;
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      escaped += c < ' ' ? '?' : text[i];
    }
  }
  return escaped;
}

// The same for the same certificate, so that a profile installed again replaces itself. RFC 9562, 5.8: version 8, whose
// bits are ours to choose.
std::string uuid(const X509& certificate, std::string_view of_what) {
  auto seed = der_of(certificate);
  seed.insert(seed.end(), of_what.begin(), of_what.end());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(seed.data(), seed.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0fU) | 0x80U);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3fU) | 0x80U);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += {kDigits[digest[i] >> 4U], kDigits[digest[i] & 15U]};
  }
  return text;
}

std::string entry(std::string_view key, const std::string& value, std::string_view type = "string") {
  const std::string element(type);
  return "<key>" + std::string(key) + "</key><" + element + ">" + value + "</" + element + ">\n";
}

std::string common_entries(const std::string& name, const std::string& identifier, const std::string& type,
                           const std::string& uuid_text) {
  return entry("PayloadDisplayName", name) + entry("PayloadIdentifier", identifier) + entry("PayloadType", type) +
         entry("PayloadUUID", uuid_text) + entry("PayloadVersion", "1", "integer");
}

}  // namespace

std::string to_mobileconfig(const X509& certificate) {
  const auto common_name = common_name_of(certificate);
  const auto name = common_name.empty() ? std::string("weir") : xml_text(common_name);
  const auto own = uuid(certificate, "profile");
  const auto payload = uuid(certificate, "payload");
  return R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>PayloadContent</key><array><dict>
)" + entry("PayloadCertificateFileName", "weir.cer") +
         entry("PayloadContent", base64(der_of(certificate)), "data") +
         common_entries(name, "weir.ca." + own + ".root", "com.apple.security.root", payload) + "</dict></array>\n" +
         entry("PayloadDescription", "Makes this device trust the certificate authority of a weir gateway.") +
         common_entries(name, "weir.ca." + own, "Configuration", own) + "</dict></plist>\n";
}

}  // namespace weir::pki
