// Which conditions' prefixes an address lies in, by longest prefix: one binary search, then up through the prefixes
// that enclose the one found. Immutable once built. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "policy/condition_sets.hpp"
#include "policy/prefix.hpp"

namespace weir::policy {

class PrefixIndex {
 public:
  class Builder {
   public:
    void add(const Prefix& prefix, Condition condition) { entries_.push_back({prefix.network(), condition}); }
    PrefixIndex build() &&;

   private:
    struct Entry {
      Prefix prefix;
      Condition condition;
      friend auto operator<=>(const Entry&, const Entry&) = default;
    };
    std::vector<Entry> entries_;
  };

  // Adds every condition one of whose prefixes contains the address.
  void match(const Address&, Conditions& matched) const;
  // The longest prefix of `condition` that contains the address: what a trace names.
  std::optional<Prefix> longest(const Address&, Condition) const;

  std::size_t size() const { return v4_.keys.size() + v6_.keys.size(); }
  std::size_t memory() const;  // bytes

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  // IPv4 is kept apart with keys of four bytes: a search then stays within the cache.
  template <typename Key>
  struct Family {
    std::vector<Key> keys;  // network addresses, in order; of equal ones the shorter prefix first
    std::vector<std::uint8_t> bits;
    std::vector<std::uint32_t> enclosing;  // the narrowest other prefix around this one, or kNone
    std::vector<ConditionSets::Id> sets;
  };
  using V4 = std::uint32_t;  // host order
  using V6 = Address;

  static Prefix prefix_at(const Family<V4>&, std::size_t i);
  static Prefix prefix_at(const Family<V6>&, std::size_t i);
  template <typename Key>
  static void append(Family<Key>&, const Key&, const Prefix&, ConditionSets::Id);
  template <typename Key, typename Visit>
  static void visit(const Family<Key>&, const Key&, const Address&, Visit);
  template <typename Visit>
  void visit(const Address&, Visit) const;

  Family<V4> v4_;
  Family<V6> v6_;
  ConditionSets sets_;
};

}  // namespace weir::policy
