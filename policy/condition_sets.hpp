// Which conditions a key of an index belongs to. Nearly all keys stand in one list only, so one condition is the id of
// its own set; a key of several lists has a set in a table on the side.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "policy/condition.hpp"

namespace weir::policy {

class ConditionSets {
 public:
  using Id = std::uint32_t;

  static Id single(Condition condition) { return condition; }
  // The set of all that `id` has, and `condition`.
  Id with(Id id, Condition condition);
  template <typename Visit>
  void visit(Id id, Visit visit_one) const {
    if (id < kMostConditions) return visit_one(static_cast<Condition>(id));
    for (const auto condition : sets_[id - kMostConditions]) visit_one(condition);
  }
  void add_to(Conditions& conditions, Id id) const {
    visit(id, [&](Condition condition) { conditions.set(condition); });
  }

 private:
  std::vector<std::vector<Condition>> sets_;
  std::map<std::vector<Condition>, Id> ids_;
};

}  // namespace weir::policy
