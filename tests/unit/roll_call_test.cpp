#include "proxy/session/roll_call.hpp"

#include "tests/unit/catch.hpp"

using weir::session::RollCall;

TEST_CASE("a round is complete with its last answer, and only once") {
  RollCall roll;
  REQUIRE(roll.may_begin());
  const auto round = roll.begin(2);
  CHECK_FALSE(roll.answer(round));
  CHECK(roll.answer(round));
  CHECK_FALSE(roll.answer(round));
  CHECK(roll.may_begin());
}

TEST_CASE("who does not answer keeps the round open, and is not asked again") {
  RollCall roll;
  const auto round = roll.begin(2);
  CHECK_FALSE(roll.answer(round));
  CHECK_FALSE(roll.may_begin());
  CHECK(roll.answer(round));
}

TEST_CASE("an answer to an older round does not count") {
  RollCall roll;
  const auto first = roll.begin(1);
  CHECK(roll.answer(first));
  const auto second = roll.begin(1);
  CHECK_FALSE(roll.answer(first));
  CHECK(roll.answer(second));
}
