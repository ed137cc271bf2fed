// Which conditions' domain lists a name is in. One hash table for all lists: a million names cost some 40 bytes each,
// and a lookup costs one probe a label, however long the lists. Immutable once built. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/condition_sets.hpp"
#include "policy/domain_name.hpp"

namespace weir::policy {

// "x" is the name itself, "*.x" every name below it.
struct DomainPattern {
  DomainName name;
  bool below = false;

  static std::optional<DomainPattern> parse(std::string_view text);
  std::string text() const { return below ? "*." + name.text() : name.text(); }
  bool matches(const DomainName&) const;
};

class DomainIndex {
 public:
  DomainIndex() = default;
  void add(const DomainPattern&, Condition);
  // After the last `add`: gives back what growing reserved.
  void shrink();

  void match(const DomainName&, Conditions& matched) const;
  // The pattern of `condition` that matches, the name itself before a wildcard and a longer one before a shorter: what
  // a trace names.
  std::optional<std::string> pattern(const DomainName&, Condition) const;

  std::size_t size() const { return used_; }
  std::size_t memory() const;  // bytes

 private:
  struct Slot {
    std::uint32_t name = 0;      // where its text begins in names_; 0: the slot is free
    std::uint32_t set : 24 = 0;  // ConditionSets::Id
    std::uint32_t tag : 7 = 0;   // bits of the hash: most probes need not look at the text
    std::uint32_t below : 1 = 0;
  };

  template <typename Visit>
  void visit(const DomainName&, Visit) const;
  const Slot* find(std::uint64_t hash, std::string_view text, bool below) const;
  std::string_view name_of(const Slot&) const;
  void grow();
  void place(const Slot&, std::uint64_t hash);

  std::string names_ = std::string(1, '\0');  // each with its length in the byte before it
  std::vector<Slot> slots_;                   // a power of two of them, at most two thirds used
  std::size_t used_ = 0;
  ConditionSets sets_;
};

}  // namespace weir::policy
