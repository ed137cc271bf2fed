#include "proxy/names/plain_name.hpp"

#include "tests/unit/catch.hpp"

using weir::names::plain_name;

TEST_CASE("plain names are lower case and nothing but labels", "[plain_name]") {
  CHECK(plain_name("WWW.Example.TEST") == "www.example.test");
  CHECK(plain_name("localhost") == "localhost");
  CHECK(plain_name("_x-1.xn--4ca.test") == "_x-1.xn--4ca.test");
  for (const auto* text : {"", ".", "a.", ".a", "a..b", "a b", "a\\.b", "*.a", "a/b", "\xc3\xa4.test", "a@b", "a$"}) {
    INFO(text);
    CHECK_FALSE(plain_name(text).has_value());
  }
  CHECK_FALSE(plain_name(std::string_view("a\0b", 3)).has_value());
}

TEST_CASE("plain names have DNS's lengths", "[plain_name]") {
  CHECK(plain_name(std::string(63, 'a')).has_value());
  CHECK_FALSE(plain_name(std::string(64, 'a')).has_value());
  const auto label = std::string(63, 'a') + ".";
  CHECK(plain_name(label + label + label + std::string(61, 'a')).has_value());
  CHECK_FALSE(plain_name(label + label + label + std::string(62, 'a')).has_value());
}
