#include "proxy/flow/once_in_a_while.hpp"

#include "tests/unit/catch.hpp"

using namespace weir;
using namespace std::chrono_literals;

namespace {

constexpr flow::OnceInAWhile::Time kNow{std::chrono::hours(1)};

}  // namespace

TEST_CASE("each key is told once within the time", "[once_in_a_while]") {
  flow::OnceInAWhile told(60s);
  CHECK(told.is_due("a", kNow));
  CHECK_FALSE(told.is_due("a", kNow + 59s));
  CHECK(told.is_due("b", kNow + 59s));
  CHECK(told.is_due("a", kNow + 60s));  // asking in between put nothing off
}

TEST_CASE("more keys than are remembered: the old ones go, else all", "[once_in_a_while]") {
  flow::OnceInAWhile told(60s, 2);
  CHECK(told.is_due("old", kNow));
  CHECK(told.is_due("a", kNow + 50s));
  CHECK(told.is_due("b", kNow + 70s));
  CHECK_FALSE(told.is_due("a", kNow + 71s));
  CHECK(told.is_due("c", kNow + 72s));
  CHECK(told.is_due("a", kNow + 73s));
}
