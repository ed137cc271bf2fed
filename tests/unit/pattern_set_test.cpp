#include "policy/pattern_set.hpp"

#include "tests/unit/catch.hpp"

using weir::policy::PatternSet;

namespace {

PatternSet made(PatternSet::Result result) {
  REQUIRE(result.has_value());
  return std::move(*result);
}

}  // namespace

TEST_CASE("a glob is for the whole text", "[pattern]") {
  const auto set = made(PatternSet::globs({"/track/*", "*.gif", "/a?c", "/[x]"}));
  CHECK(set.match("/track/") == 0U);
  CHECK(set.match("/track/a/b") == 0U);
  CHECK_FALSE(set.match("/x/track/a"));
  CHECK(set.match("/x/y.gif") == 1U);
  CHECK_FALSE(set.match("/x/y.gif2"));
  CHECK_FALSE(set.match("/x/ygif"));
  CHECK(set.match("/abc") == 2U);
  CHECK_FALSE(set.match("/abbc"));
  CHECK(set.match("/[x]") == 3U);
  CHECK_FALSE(set.match("/x"));
  CHECK_FALSE(set.match("/Track/"));
  CHECK(set.match("/track/\xff\n\x01") == 0U);
}

TEST_CASE("a regular expression is for any part of the text", "[pattern]") {
  const auto set = made(PatternSet::regexes({"(?i)curl/[0-9]+", "^Mozilla"}));
  CHECK(set.match("CURL/8") == 0U);
  CHECK(set.match("Mozilla/5.0") == 1U);
  CHECK_FALSE(set.match("x Mozilla"));
}

TEST_CASE("the first of many patterns is named", "[pattern]") {
  const auto set = made(PatternSet::globs({"/0", "/1", "/2", "/3", "/4", "/5*", "*"}));
  CHECK(set.match("/4") == 4U);
  CHECK(set.match("/55") == 5U);
  CHECK(set.match("x") == 6U);
}

TEST_CASE("a set whose automaton grows too large still matches", "[pattern]") {
  // (a|b)*a(a|b){n} needs 2^n states of an automaton; more than four patterns, so that the set is asked first.
  std::vector<std::string> regexes;
  for (int i = 12; i < 20; ++i) regexes.push_back("^[ab]*a[ab]{" + std::to_string(i) + "}$");
  const auto set = made(PatternSet::regexes(regexes));
  std::string text;
  for (unsigned i = 0; i < 200'000; ++i) text += (i * 2654435761U >> 13 & 1) != 0 ? 'a' : 'b';
  text += "a" + std::string(19, 'b');
  CHECK(set.match(text) == 7U);
}

TEST_CASE("what is wrong with a regular expression", "[pattern]") {
  CHECK(PatternSet::problem_with("(a") == "missing ): (a");
  CHECK(PatternSet::problem_with("a{1001}"));
  CHECK_FALSE(PatternSet::problem_with("^a+$"));
  CHECK_FALSE(PatternSet::regexes({"a", "["}).has_value());
  CHECK_FALSE(PatternSet().match("a"));
}
