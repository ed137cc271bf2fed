// Origins' certificates that were found to be trusted a short while ago, by the name asked for. Of one worker; bounded.
// Whether one is trusted hangs on it, the name, the time and whom weir trusts; the last never changes while this lives.
#pragma once

#include <array>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <unordered_map>

#include <openssl/x509.h>

namespace weir::tls {

class Verified {
 public:
  using Key = std::array<std::uint8_t, 32>;
  static constexpr std::time_t kJudgedAnewAfter = 60;  // seconds: so long a certificate may outlive its own end here

  // `most`: certificates; when it is reached all are forgotten.
  explicit Verified(std::size_t most = 4096) : most_(most) {}

  static Key key_of(const X509& leaf, const std::optional<std::string>& name);
  bool contains(const Key&, std::time_t now) const;
  void add(const Key&, std::time_t now);

 private:
  struct Hash {
    std::size_t operator()(const Key&) const;
  };

  std::size_t most_;
  std::unordered_map<Key, std::time_t, Hash> since_;
};

}  // namespace weir::tls
