// Conditions of rules are numbered, and an index (of prefixes, of names) answers for all of them at once: one lookup a
// flow, however many rules there are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace weir::policy {

// Rules and bypass entries together.
inline constexpr std::size_t kMostConditions = 4096;

// Which entry, in the order of the policy: bypass entries first, then the rules.
using Condition = std::uint16_t;

// A set of conditions, to be combined 64 at a time.
class Conditions {
 public:
  using Word = std::uint64_t;
  static constexpr std::size_t kBits = 64;

  void set(std::size_t condition) { words_[condition / kBits] |= Word{1} << (condition % kBits); }
  bool test(std::size_t condition) const { return (words_[condition / kBits] >> (condition % kBits) & 1) != 0; }
  Word word(std::size_t i) const { return words_[i]; }
  friend bool operator==(const Conditions&, const Conditions&) = default;

 private:
  std::array<Word, kMostConditions / kBits> words_{};
};

}  // namespace weir::policy
