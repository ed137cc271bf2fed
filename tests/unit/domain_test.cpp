#include "policy/domain_index.hpp"
#include "policy/domain_name.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/random.hpp"

using namespace weir::policy;

namespace {

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }
DomainPattern pattern(std::string_view text) { return DomainPattern::parse(text).value(); }

std::string matched(const DomainIndex& index, std::string_view text) {
  Conditions conditions;
  index.match(name(text), conditions);
  std::string found;
  for (std::size_t i = 0; i < 8; ++i)
    if (conditions.test(i)) found += std::to_string(i);
  return found;
}

}  // namespace

TEST_CASE("a name is compared as the DNS does", "[domain]") {
  CHECK(name("WWW.Example.COM").text() == "www.example.com");
  CHECK(name("www.example.com.").text() == "www.example.com");
  CHECK(name("xn--BCHER-KVA.example").text() == "xn--bcher-kva.example");
  CHECK(name("_dmarc.example").text() == "_dmarc.example");
  CHECK(name("localhost").text() == "localhost");
  CHECK(name("1.2.3.4.example").text() == "1.2.3.4.example");
  CHECK(DomainName::parse(std::string(63, 'a') + ".example"));
  CHECK(DomainName::parse("a." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(63, 'd') + "." +
                          std::string(58, 'e')));
}

TEST_CASE("what is no name is refused", "[domain]") {
  const auto text = GENERATE(as<std::string>{}, "", ".", "..", "a..b", ".a", "a b", "a\tb", "a/b", "*", "*.a", "a,b",
                             "b\xc3\xbc.example", "192.0.2.1", "192.0.2.1.", "2001:db8::1", "[::1]", "1", "example.1");
  CAPTURE(text);
  CHECK_FALSE(DomainName::parse(text));
  CHECK_FALSE(DomainName::parse(std::string("a\0.example", 10)));
  CHECK_FALSE(DomainName::parse(std::string(64, 'a') + ".example"));
  CHECK_FALSE(DomainName::parse(std::string(250, 'a') + ".example"));
  std::string long_name;
  while (long_name.size() < 254) long_name += "a.";
  CHECK_FALSE(DomainName::parse(long_name + "a"));
}

TEST_CASE("a Host field may have a port", "[domain]") {
  CHECK(DomainName::parse_host("example.com:8080")->text() == "example.com");
  CHECK(DomainName::parse_host("Example.com")->text() == "example.com");
  CHECK(DomainName::parse_host("example.com:")->text() == "example.com");
  CHECK_FALSE(DomainName::parse_host("example.com:80x"));
  CHECK_FALSE(DomainName::parse_host("[2001:db8::1]:80"));
  CHECK_FALSE(DomainName::parse_host("192.0.2.1:80"));
  CHECK_FALSE(DomainName::parse_host("user@example.com"));
}

TEST_CASE("x is itself, *.x every name below it", "[domain]") {
  DomainIndex index;
  index.add(pattern("example.com"), 0);
  index.add(pattern("*.example.com"), 1);
  index.add(pattern("*.com"), 2);
  index.add(pattern("*.www.example.com"), 3);
  index.add(pattern("example.com"), 4);
  CHECK(index.size() == 4);
  CHECK(matched(index, "example.com") == "024");
  CHECK(matched(index, "www.example.com") == "12");
  CHECK(matched(index, "a.www.example.com") == "123");
  CHECK(matched(index, "badexample.com") == "2");
  CHECK(matched(index, "com").empty());
  CHECK(matched(index, "example.org").empty());
  CHECK(index.pattern(name("example.com"), 0) == "example.com");
  CHECK(index.pattern(name("a.b.example.com"), 1) == "*.example.com");
  CHECK_FALSE(index.pattern(name("example.com"), 1));
  CHECK_FALSE(DomainPattern::parse("*."));
  CHECK_FALSE(DomainPattern::parse("a.*.b"));
  CHECK_FALSE(DomainPattern::parse("*x.example"));
}

TEST_CASE("a trace names the longest pattern of the condition", "[domain]") {
  DomainIndex index;
  index.add(pattern("*.com"), 0);
  index.add(pattern("*.example.com"), 0);
  index.add(pattern("www.example.com"), 0);
  CHECK(index.pattern(name("www.example.com"), 0) == "www.example.com");
  CHECK(index.pattern(name("ftp.example.com"), 0) == "*.example.com");
  CHECK(index.pattern(name("example.com"), 0) == "*.com");
}

TEST_CASE("the index says what looking at each pattern would", "[domain]") {
  auto random = weir::tests::seeded_random();
  const auto some_name = [&random] {
    std::string text;
    for (std::size_t labels = 1 + random.below(4); labels-- > 0;)
      text += std::string(text.empty() ? "" : ".") + static_cast<char>('a' + random.below(3));
    return text;
  };
  for (int round = 0; round < 100; ++round) {
    DomainIndex index;
    std::vector<std::pair<DomainPattern, Condition>> all;
    for (std::size_t i = random.below(60); i-- > 0;) {
      all.emplace_back(pattern((random.chance(2) ? "*." : "") + some_name()), static_cast<Condition>(random.below(5)));
      index.add(all.back().first, all.back().second);
    }
    index.shrink();
    for (int i = 0; i < 50; ++i) {
      const auto one = name(some_name());
      Conditions expected;
      Conditions found;
      for (const auto& [each, condition] : all)
        if (each.matches(one)) expected.set(condition);
      index.match(one, found);
      REQUIRE(found == expected);
    }
  }
}

TEST_CASE("a hundred thousand names cost at most 100 bytes each", "[domain]") {
  DomainIndex index;
  for (int i = 0; i < 100'000; ++i)
    index.add(pattern("host-" + std::to_string(i) + ".some-longer-name.example"), static_cast<Condition>(i % 3));
  index.shrink();
  CHECK(index.size() == 100'000);
  CHECK(index.memory() <= 100 * index.size());
  CHECK(matched(index, "host-77777.some-longer-name.example") == std::to_string(77777 % 3));
  CHECK(matched(index, "host-100000.some-longer-name.example").empty());
}
