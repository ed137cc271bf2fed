#include "tls/capabilities.hpp"

#include <algorithm>
#include <array>

namespace weir::tls {
namespace {

constexpr SignatureScheme kEcdsaP256Sha256{0x0403};
constexpr NamedGroup kP256{23};
// ECDHE_ECDSA with AES-GCM, ChaCha20-Poly1305 and AES-CBC (RFC 5289, RFC 7905, RFC 8422).
constexpr std::array kEcdsaSuites{CipherSuite{0xc02b}, CipherSuite{0xc02c}, CipherSuite{0xcca9}, CipherSuite{0xc023},
                                  CipherSuite{0xc024}, CipherSuite{0xc009}, CipherSuite{0xc00a}};

template <typename T>
bool contains(const std::vector<T>& all, T one) {
  return std::ranges::find(all, one) != all.end();
}

}  // namespace

bool takes_ecdsa(const ClientHello& hello) {
  if (!contains(hello.signature_algorithms, kEcdsaP256Sha256)) return false;
  if (hello.highest_version().value_or(Version::tls1_2) >= Version::tls1_3) return true;
  const bool has_group = hello.supported_groups.empty() || contains(hello.supported_groups, kP256);
  return has_group &&
         std::ranges::any_of(kEcdsaSuites, [&](CipherSuite suite) { return contains(hello.cipher_suites, suite); });
}

}  // namespace weir::tls
