#include "policy/tables.hpp"

namespace weir::policy {

void Indexes::match(const Facts& facts, Matched& matched) const {
  if (sources.size() > 0) sources.match(facts.client, matched.sources);
  if (destinations.size() > 0) destinations.match(facts.destination.address, matched.destinations);
  if (domains.size() > 0 && facts.domain.is_known()) domains.match(*facts.domain, matched.domains);
}

// A bypass asks for an address or a name, a rule for both.
Conditions::Word BypassTable::candidates(std::size_t i, const Facts& facts, const Matched& matched) const {
  const auto domains = facts.domain.is_unknown() ? asking.domains.word(i) : matched.domains.word(i);
  return (~asking.sources.word(i) | matched.sources.word(i)) &
         (~(asking.destinations.word(i) | asking.domains.word(i)) | matched.destinations.word(i) | domains);
}

Conditions::Word RuleTable::candidates(std::size_t i, const Facts& facts, const Matched& matched) const {
  const auto domains = facts.domain.is_unknown() ? asking.domains.word(i) : matched.domains.word(i);
  return (~asking.sources.word(i) | matched.sources.word(i)) &
         (~asking.destinations.word(i) | matched.destinations.word(i)) & (~asking.domains.word(i) | domains);
}

std::vector<std::size_t> BypassTable::naming(const DomainName& name) const {
  std::vector<std::size_t> found;
  if (indexes.domains.size() == 0) return found;
  Conditions matched;
  indexes.domains.match(name, matched);
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (matched.test(i)) found.push_back(i);
  return found;
}

}  // namespace weir::policy
