// Whether all workers answer when they are asked. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::session {

class RollCall {
 public:
  // A new round; answers to older ones do not count. While one is open there is no other: who hangs is asked once.
  bool may_begin() const { return missing_ == 0; }
  std::uint64_t begin(std::size_t workers) {
    missing_ = workers;
    return ++round_;
  }
  // True for the answer that completes the round.
  bool answer(std::uint64_t round) { return round == round_ && missing_ > 0 && --missing_ == 0; }

 private:
  std::uint64_t round_ = 0;
  std::size_t missing_ = 0;
};

}  // namespace weir::session
