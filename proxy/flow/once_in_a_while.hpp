// What is worth telling, but not every time: of each key once within a time. Bounded. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace weir::flow {

class OnceInAWhile {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Where more than `most` keys are remembered, some may be told again earlier.
  explicit OnceInAWhile(std::chrono::seconds again, std::size_t most = 4096) : again_(again), most_(most) {}

  // True where it was not told within that time; it is told then.
  bool is_due(const std::string& key, Time now);

 private:
  std::chrono::seconds again_;
  std::size_t most_;
  std::unordered_map<std::string, Time> told_;
};

}  // namespace weir::flow
