// weir's certificate authority: what signs the leaves that clients meet. Made once by `weir ca init`, then only read.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "pki/openssl.hpp"

namespace weir::pki {

template <typename T>
using Result = boost::system::result<T, std::string>;  // an error is a sentence that says what would be right

class Authority;

// A root that no client trusts and that nobody can keep: for leaves that clients are to find fault with.
Result<Authority> make_untrusted_authority();

class Authority {
 public:
  // `certificate`: PEM; the signing certificate first, then those above it, if any. `key`: PEM, without a passphrase.
  // Refused: a key that others than its owner may read, that is not the certificate's, or that is weak; a certificate
  // that is no CA's, may not sign certificates, or is not valid now.
  static Result<Authority> load(const std::filesystem::path& certificate, const std::filesystem::path& key);

  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }
  // What a server sends behind a leaf: the signing certificate where it is an intermediate, and those above it, without
  // a self-signed root.
  const std::vector<Certificate>& chain() const { return chain_; }
  // What clients install: the topmost certificate of the file.
  X509* root() const { return root_.get(); }
  // When the first of the file's certificates is over, and with it the authority.
  std::chrono::system_clock::time_point expires() const;

 private:
  // The signing certificate and those above it; at least one.
  Authority(std::vector<Certificate> upwards, Key);
  friend Result<Authority> make_untrusted_authority();

  Certificate certificate_;
  Key key_;
  std::vector<Certificate> chain_;
  Certificate root_;
};

struct NewAuthority {
  std::string name = "weir";            // its common name; UTF-8, 1 to 64 characters
  unsigned years = 10;                  // 1 to 30
  std::vector<std::string> only_for{};  // name constraints (RFC 5280, 4.2.1.10): domains; empty: none
};

// A new ECDSA P-256 root with path length 0. Both files are written whole or not at all, the key readable by its owner
// alone; a file that is there already is an error, and stays as it is.
Result<void> make_authority(const std::filesystem::path& certificate, const std::filesystem::path& key,
                            const NewAuthority&);

// Of the certificates in PEM file `file` the first, which signs, and the last, which clients install: for those who
// need no key (show, export).
Result<Certificate> read_certificate(const std::filesystem::path& file);
Result<Certificate> read_root(const std::filesystem::path& file);

std::string to_pem(const X509&);
std::string to_der(const X509&);
// An Apple configuration profile that installs the certificate as a root. The same bytes for the same certificate.
std::string to_mobileconfig(const X509&);
std::string subject(const X509&);  // "CN = weir", nothing unprintable in it
// "AB:CD:…", SHA-256 of the DER.
std::string fingerprint(const X509&);
// What `weir ca show` prints: subject, validity, key, constraints, fingerprints; several lines.
std::string describe(const X509&);

}  // namespace weir::pki
