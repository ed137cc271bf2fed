#include "pki/alternative_names.hpp"

#include <optional>

#include <openssl/asn1.h>
#include <openssl/x509v3.h>

namespace weir::pki {
namespace {

using Span = std::span<const std::uint8_t>;

struct Element {
  int tag;
  Span content;
};

// Takes an element of definite length, which DER's always is, from the front.
std::optional<Element> take(Span& in) {
  constexpr int kErrorOrIndefinite = 0x81;
  const unsigned char* at = in.data();
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  const int form = ASN1_get_object(&at, &length, &tag, &tag_class, static_cast<long>(in.size()));
  if ((form & kErrorOrIndefinite) != 0) return std::nullopt;
  const Span content(at, static_cast<std::size_t>(length));
  in = in.subspan(static_cast<std::size_t>(at - in.data()) + content.size());
  return Element{tag, content};
}

}  // namespace

std::vector<AlternativeName> alternative_names(const X509& certificate) {
  const int at = X509_get_ext_by_NID(&certificate, NID_subject_alt_name, -1);
  if (at < 0) return {};
  const auto* octets = X509_EXTENSION_get_data(X509_get_ext(&certificate, at));
  Span extension(ASN1_STRING_get0_data(octets), static_cast<std::size_t>(ASN1_STRING_length(octets)));
  const auto sequence = take(extension);
  if (!sequence) return {};
  std::vector<AlternativeName> names;
  for (auto left = sequence->content; !left.empty();) {
    const auto name = take(left);
    if (!name) break;
    names.push_back({name->tag, name->content});
  }
  return names;
}

}  // namespace weir::pki
