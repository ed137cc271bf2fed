#include <string>
#include <vector>

#include "conf/nearest.hpp"
#include "tests/unit/catch.hpp"

using weir::conf::nearest;

namespace {
const std::vector<std::string_view> kKnown{"intercept_ports", "idle_timeout", "connect_timeout", "workers", "alert"};
}

TEST_CASE("a typing error finds the word that was meant", "[conf]") {
  struct Row {
    std::string_view word, meant;
  };
  const auto row = GENERATE(values<Row>({{"intercept_port", "intercept_ports"},
                                         {"interceptports", "intercept_ports"},
                                         {"intercept-ports", "intercept_ports"},
                                         {"idel_timeout", "idle_timeout"},
                                         {"idle_time", "idle_timeout"},
                                         {"worker", "workers"},
                                         {"wrokers", "workers"},
                                         {"alret", "alert"},
                                         {"Workers", "workers"}}));
  CAPTURE(row.word);
  CHECK(nearest(row.word, kKnown) == row.meant);
}

TEST_CASE("two swapped letters are one error, so they beat two wrong ones", "[conf]") {
  const std::vector<std::string_view> known{"abxy", "abdc"};
  CHECK(nearest("abcd", known) == "abdc");
}

TEST_CASE("a word like none of them finds nothing", "[conf]") {
  CHECK_FALSE(nearest("banana", kKnown));
  CHECK_FALSE(nearest("", std::vector<std::string_view>{"alert"}));
  CHECK_FALSE(nearest("workers", {}));
}

TEST_CASE("an endless word is not compared", "[conf]") { CHECK_FALSE(nearest(std::string(1 << 20, 'w'), kKnown)); }
