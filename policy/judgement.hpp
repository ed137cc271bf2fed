// One entry judged by a flow's facts: the conjunction of its conditions in three-valued logic, and why.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "policy/tables.hpp"

namespace weir::policy {

// In the order in which one condition's result outweighs another's.
enum class Match : std::uint8_t {
  no,
  needs_more,        // not yet known
  needs_decryption,  // to be known after decryption only
  yes,
};

class Judgement {
 public:
  explicit Judgement(bool explains) : explains_(explains) {}

  // The sentence is made only where somebody asked for it. Returns whether more conditions are worth a look.
  template <typename Sentence>
  bool take(Match match, Sentence sentence) {
    const bool weighs = match <= match_;
    if (explains_ && weighs) {
      if (match < match_) why_.clear();
      if (!why_.empty()) why_ += "; ";
      why_ += sentence();
    }
    match_ = std::min(match_, match);
    return match_ != Match::no;
  }

  Match match() const { return match_; }
  std::string why() && { return std::move(why_); }

 private:
  Match match_ = Match::yes;
  bool explains_;
  std::string why_;
};

// `condition`: the entry's place in its table.
void judge(Judgement&, const Rule&, std::size_t condition, const Facts&, const Indexes&, const Matched&);
void judge(Judgement&, const Bypass&, std::size_t condition, const Facts&, const Indexes&, const Matched&);

}  // namespace weir::policy
