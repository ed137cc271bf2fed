#include "conf/duration.hpp"
#include "tests/unit/catch.hpp"

using namespace std::chrono_literals;
using weir::conf::parse_duration;

TEST_CASE("durations are a whole number and a unit", "[conf]") {
  CHECK(parse_duration("0") == 0ms);
  CHECK(parse_duration("0s") == 0ms);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("2d") == 48h);
  CHECK(parse_duration("3650d") == 24h * 3650);
}

TEST_CASE("what is not a duration is refused", "[conf]") {
  const auto* text = GENERATE("", "s", "10", "00", "1.5s", "-1s", "+1s", " 1s", "1s ", "1 s", "1S", "1sec", "1w",
                              "1h30m", "3651d", "99999999999999999999s", "9223372036854775807h", "0x10s");
  CAPTURE(text);
  CHECK_FALSE(parse_duration(text));
}

TEST_CASE("a byte after the unit is no part of it", "[conf]") {
  CHECK_FALSE(parse_duration(std::string_view("1s\0", 3)));
}
