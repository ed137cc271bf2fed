#include "policy/prefix_index.hpp"

#include <algorithm>

namespace weir::policy {
namespace {

std::uint32_t v4_key(const Address& address) {
  const auto bytes = address.v4_bytes();
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

Address v4_address(std::uint32_t key) {
  const auto byte = [key](unsigned shift) { return static_cast<std::uint8_t>(key >> shift); };
  return Address::v4(byte(24), byte(16), byte(8), byte(0));
}

template <typename Family>
std::size_t memory_of(const Family& family) {
  return family.keys.capacity() * (sizeof family.keys[0]) + family.bits.capacity() +
         (family.enclosing.capacity() + family.sets.capacity()) * sizeof(std::uint32_t);
}

}  // namespace

PrefixIndex PrefixIndex::Builder::build() && {
  PrefixIndex index;
  std::ranges::sort(entries_);  // by address, then by length: a prefix stands before all it encloses
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    auto set = ConditionSets::single(entry->condition);
    const auto& prefix = entry->prefix;
    for (++entry; entry != entries_.end() && entry->prefix == prefix; ++entry)
      set = index.sets_.with(set, entry->condition);
    if (prefix.is_v4())
      append(index.v4_, v4_key(prefix.address()), prefix, set);
    else
      append(index.v6_, prefix.address(), prefix, set);
  }
  return index;
}

Prefix PrefixIndex::prefix_at(const Family<V4>& family, std::size_t i) {
  return {v4_address(family.keys[i]), family.bits[i]};
}

Prefix PrefixIndex::prefix_at(const Family<V6>& family, std::size_t i) { return {family.keys[i], family.bits[i]}; }

template <typename Key>
void PrefixIndex::append(Family<Key>& family, const Key& key, const Prefix& prefix, ConditionSets::Id set) {
  auto around = family.keys.empty() ? kNone : static_cast<std::uint32_t>(family.keys.size() - 1);
  while (around != kNone && !prefix_at(family, around).contains(prefix.address())) around = family.enclosing[around];
  family.keys.push_back(key);
  family.bits.push_back(static_cast<std::uint8_t>(prefix.bits()));
  family.enclosing.push_back(around);
  family.sets.push_back(set);
}

// Of all prefixes that begin at or before the address, the last one or one of those around it contains the address, if
// any does: prefixes nest or are disjoint.
template <typename Key, typename Visit>
void PrefixIndex::visit(const Family<Key>& family, const Key& key, const Address& address, Visit visit_one) {
  const auto after = std::ranges::upper_bound(family.keys, key);
  if (after == family.keys.begin()) return;
  auto i = static_cast<std::uint32_t>(after - family.keys.begin() - 1);
  while (i != kNone && !prefix_at(family, i).contains(address)) i = family.enclosing[i];
  for (; i != kNone; i = family.enclosing[i]) visit_one(prefix_at(family, i), family.sets[i]);
}

template <typename Visit>
void PrefixIndex::visit(const Address& address, Visit visit_one) const {
  if (address.is_v4())
    visit(v4_, v4_key(address), address, visit_one);
  else
    visit(v6_, address, address, visit_one);
}

void PrefixIndex::match(const Address& address, Conditions& matched) const {
  visit(address, [&](const Prefix&, ConditionSets::Id set) { sets_.add_to(matched, set); });
}

std::optional<Prefix> PrefixIndex::longest(const Address& address, Condition condition) const {
  std::optional<Prefix> found;
  visit(address, [&](const Prefix& prefix, ConditionSets::Id set) {
    sets_.visit(set, [&](Condition one) {
      if (one == condition && !found) found = prefix;
    });
  });
  return found;
}

std::size_t PrefixIndex::memory() const { return memory_of(v4_) + memory_of(v6_); }

}  // namespace weir::policy
