#include "proxy/http/h2_budget.hpp"

#include "tests/unit/catch.hpp"

using weir::http::H2Budget;
using namespace std::chrono_literals;

namespace {

unsigned spent_until_empty(H2Budget& budget, double cost = 1) {
  unsigned times = 0;
  while (budget.spend(cost)) ++times;
  return times;
}

}  // namespace

TEST_CASE("a burst is allowed, and then so many a second", "[http][h2_budget]") {
  H2Budget budget;
  const H2Budget::Time start{1h};
  budget.refill(start);
  CHECK(spent_until_empty(budget) == 400);
  budget.refill(start + 100ms);
  CHECK(spent_until_empty(budget) == 3);  // the one that failed is owed
  budget.refill(start + 1h);
  CHECK(spent_until_empty(budget) == 400);
}

TEST_CASE("a reset costs two", "[http][h2_budget]") {
  H2Budget budget;
  CHECK(spent_until_empty(budget, H2Budget::kReset) == 200);
}

TEST_CASE("data that is sent pays for its window updates", "[http][h2_budget]") {
  H2Budget budget;
  spent_until_empty(budget);
  budget.earn_by_data(16'384);
  CHECK(spent_until_empty(budget) == 8);
  H2Budget reader;
  for (int i = 0; i < 100'000; ++i) {
    reader.earn_by_data(4096);
    REQUIRE(reader.spend());
    REQUIRE(reader.spend());
  }
}
