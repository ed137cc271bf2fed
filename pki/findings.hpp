// What is found wrong with a chain while it is being judged.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "pki/trust.hpp"

namespace weir::pki {

struct Finding {
  const char* words = nullptr;  // of OpenSSL, or of weir; they live for ever
  int depth = 0;                // of the certificate in the chain, the leaf's is 0
  Certificate certificate;
};

class Findings {
 public:
  // Of each fault the first is kept. OpenSSL calls back into this, so it neither throws nor allocates.
  void add(Fault fault, const char* words, int depth, X509* certificate) noexcept;
  // `asked`: the name the client asked for.
  Verdict verdict(const std::optional<std::string>& asked) const;

 private:
  static constexpr auto kFaults = static_cast<std::size_t>(Fault::other) + 1;
  std::array<Finding, kFaults> by_fault_;
};

}  // namespace weir::pki
