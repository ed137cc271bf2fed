#include "conf/nearest.hpp"

#include <algorithm>
#include <vector>

namespace weir::conf {
namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost one each.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t differs = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + differs});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t kLongestWord = 64;  // longer is no typing error, and would be slow
  if (word.size() > kLongestWord || known.empty()) return std::nullopt;
  const auto best = std::ranges::min_element(known, {}, [word](std::string_view k) { return distance(word, k); });
  constexpr std::size_t kShortWord = 4;  // two changes make any other of it
  const auto allowed = best->size() <= kShortWord ? 1 : std::max<std::size_t>(2, best->size() / 3);
  if (distance(word, *best) > allowed) return std::nullopt;
  return *best;
}

}  // namespace weir::conf
