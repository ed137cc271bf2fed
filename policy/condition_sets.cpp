#include "policy/condition_sets.hpp"

#include <algorithm>

namespace weir::policy {

ConditionSets::Id ConditionSets::with(Id id, Condition condition) {
  std::vector<Condition> members;
  visit(id, [&](Condition member) { members.push_back(member); });
  const auto place = std::ranges::lower_bound(members, condition);
  if (place != members.end() && *place == condition) return id;
  members.insert(place, condition);
  const auto [known, is_new] = ids_.try_emplace(members, static_cast<Id>(kMostConditions + sets_.size()));
  if (is_new) sets_.push_back(std::move(members));
  return known->second;
}

}  // namespace weir::policy
