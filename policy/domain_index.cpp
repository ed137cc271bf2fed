#include "policy/domain_index.hpp"

#include <algorithm>
#include <utility>

namespace weir::policy {
namespace {

// FNV-1a from a name's last byte to its first: on the way, the hash of each suffix.
constexpr std::uint64_t kOffset = 0xcbf29ce484222325;
constexpr std::uint64_t kPrime = 0x100000001b3;

std::uint64_t step(std::uint64_t hash, char c) { return (hash ^ static_cast<unsigned char>(c)) * kPrime; }

// FNV's low bits alone are weak; and "x" must not collide with "*.x".
std::uint64_t finish(std::uint64_t hash, bool below) {
  hash += below ? 1 : 0;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  return hash ^ (hash >> 33);
}

std::uint64_t hash_of(std::string_view text, bool below) {
  auto hash = kOffset;
  for (auto i = text.size(); i-- > 0;) hash = step(hash, text[i]);
  return finish(hash, below);
}

std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 57); }

}  // namespace

std::optional<DomainPattern> DomainPattern::parse(std::string_view text) {
  const bool below = text.starts_with("*.");
  auto name = DomainName::parse(below ? text.substr(2) : text);
  if (!name) return std::nullopt;
  return DomainPattern{std::move(*name), below};
}

bool DomainPattern::matches(const DomainName& other) const {
  const std::string_view text = other.text();
  if (!below) return text == name.text();
  return text.size() > name.text().size() && text.ends_with(name.text()) &&
         text[text.size() - name.text().size() - 1] == '.';
}

void DomainIndex::add(const DomainPattern& pattern, Condition condition) {
  const auto& text = pattern.name.text();
  const auto hash = hash_of(text, pattern.below);
  if (const auto* known = find(hash, text, pattern.below)) {
    auto& slot = slots_[static_cast<std::size_t>(known - slots_.data())];
    slot.set = sets_.with(slot.set, condition) & 0xffffff;
    return;
  }
  if (used_ * 3 >= slots_.size() * 2) grow();
  names_ += static_cast<char>(text.size());
  Slot slot;
  slot.name = static_cast<std::uint32_t>(names_.size());
  slot.set = ConditionSets::single(condition) & 0xffffff;
  slot.tag = tag_of(hash) & 0x7f;
  slot.below = pattern.below ? 1 : 0;
  names_ += text;
  place(slot, hash);
  ++used_;
}

void DomainIndex::shrink() { names_.shrink_to_fit(); }

void DomainIndex::match(const DomainName& name, Conditions& matched) const {
  visit(name, [&](const Slot& slot) { sets_.add_to(matched, slot.set); });
}

std::optional<std::string> DomainIndex::pattern(const DomainName& name, Condition condition) const {
  const Slot* best = nullptr;
  visit(name, [&](const Slot& slot) {
    sets_.visit(slot.set, [&](Condition one) {
      if (one == condition) best = &slot;  // suffixes come shortest first, the name itself last
    });
  });
  if (best == nullptr) return std::nullopt;
  return (best->below != 0 ? "*." : "") + std::string(name_of(*best));
}

template <typename Visit>
void DomainIndex::visit(const DomainName& name, Visit visit_one) const {
  if (slots_.empty()) return;
  const std::string_view text = name.text();
  auto hash = kOffset;
  for (auto i = text.size(); i-- > 0;) {
    if (text[i] == '.')
      if (const auto* slot = find(finish(hash, true), text.substr(i + 1), true)) visit_one(*slot);
    hash = step(hash, text[i]);
  }
  if (const auto* slot = find(finish(hash, false), text, false)) visit_one(*slot);
}

const DomainIndex::Slot* DomainIndex::find(std::uint64_t hash, std::string_view text, bool below) const {
  if (slots_.empty()) return nullptr;
  const auto mask = slots_.size() - 1;
  for (auto i = hash & mask; slots_[i].name != 0; i = (i + 1) & mask) {
    const auto& slot = slots_[i];
    if (slot.tag == tag_of(hash) && (slot.below != 0) == below && name_of(slot) == text) return &slot;
  }
  return nullptr;
}

std::string_view DomainIndex::name_of(const Slot& slot) const {
  return {names_.data() + slot.name, static_cast<unsigned char>(names_[slot.name - 1])};
}

void DomainIndex::grow() {
  constexpr std::size_t kFewest = 16;
  const auto before = std::exchange(slots_, std::vector<Slot>(std::max(kFewest, slots_.size() * 2)));
  for (const auto& slot : before)
    if (slot.name != 0) place(slot, hash_of(name_of(slot), slot.below != 0));
}

void DomainIndex::place(const Slot& slot, std::uint64_t hash) {
  const auto mask = slots_.size() - 1;
  auto i = hash & mask;
  while (slots_[i].name != 0) i = (i + 1) & mask;
  slots_[i] = slot;
}

std::size_t DomainIndex::memory() const { return names_.capacity() + slots_.capacity() * sizeof(Slot); }

}  // namespace weir::policy
