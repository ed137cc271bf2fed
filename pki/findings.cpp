#include "pki/findings.hpp"

#include "pki/detail.hpp"

namespace weir::pki {

void Findings::add(Fault fault, const char* words, int depth, X509* certificate) noexcept {
  auto& finding = by_fault_[static_cast<std::size_t>(fault)];
  if (finding.words == nullptr) finding = {words, depth, share(certificate)};
}

Verdict Findings::verdict(const std::optional<std::string>& asked) const {
  Verdict verdict;
  for (std::size_t i = 0; i < kFaults; ++i) {
    if (by_fault_[i].words == nullptr) continue;
    const auto fault = static_cast<Fault>(i);
    if (verdict.trusted()) verdict.detail = detail_of(fault, by_fault_[i], asked);
    verdict.faults.push_back(fault);
  }
  return verdict;
}

}  // namespace weir::pki
