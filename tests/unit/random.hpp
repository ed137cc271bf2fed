// Random numbers that are the same in every run, or those of a run that failed: WEIR_SEED names the seed.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <random>
#include <string>

#include "tests/unit/catch.hpp"

namespace weir::tests {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : engine_() % bound; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

 private:
  std::mt19937 engine_;
};

inline Random seeded_random() {
  const auto* named = std::getenv("WEIR_SEED");  // NOLINT(concurrency-mt-unsafe)
  return Random(named == nullptr ? 20260901U : static_cast<unsigned>(std::stoul(named)));
}

}  // namespace weir::tests
