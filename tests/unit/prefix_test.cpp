#include "policy/prefix.hpp"

#include "policy/prefix_index.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/random.hpp"

using namespace weir::policy;

namespace {

Address address(std::string_view text) { return Address::parse(text).value(); }
Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }

std::string text_of(const std::vector<AddressRange>& ranges) {
  std::string text;
  for (const auto& [first, last] : ranges) text += (text.empty() ? "" : " ") + first.text() + "-" + last.text();
  return text;
}

}  // namespace

TEST_CASE("a prefix prints as it is written", "[prefix]") {
  const auto* text = GENERATE("192.0.2.0/24", "0.0.0.0/0", "10.1.2.3", "2001:db8::/32", "::/0", "2001:db8::1");
  CAPTURE(text);
  CHECK(prefix(text).text() == text);
  CHECK(prefix(text).is_v4() == (std::string_view(text).find(':') == std::string_view::npos));
}

TEST_CASE("what is no prefix is refused", "[prefix]") {
  const auto* text = GENERATE("", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "::/129",
                              "10.0.0.0/8/8", "x/8", "10.0.0.0 /8", "10.0.0.0/ 8", "[::]/0");
  CAPTURE(text);
  CHECK_FALSE(Prefix::parse(text));
}

TEST_CASE("a prefix contains its own family's addresses only", "[prefix]") {
  CHECK(prefix("192.0.2.0/24").contains(address("192.0.2.255")));
  CHECK_FALSE(prefix("192.0.2.0/24").contains(address("192.0.3.0")));
  CHECK(prefix("192.0.2.128/25").contains(address("192.0.2.200")));
  CHECK_FALSE(prefix("192.0.2.128/25").contains(address("192.0.2.127")));
  CHECK(prefix("0.0.0.0/0").contains(address("255.255.255.255")));
  CHECK_FALSE(prefix("0.0.0.0/0").contains(address("2001:db8::1")));
  CHECK(prefix("::/0").contains(address("2001:db8::1")));
  CHECK_FALSE(prefix("::/0").contains(address("192.0.2.1")));
  CHECK(prefix("10.0.0.1").contains(address("10.0.0.1")));
  CHECK_FALSE(prefix("10.0.0.1").contains(address("10.0.0.2")));
}

TEST_CASE("the network and the last address of a prefix", "[prefix]") {
  CHECK(prefix("192.0.2.77/26").network() == prefix("192.0.2.64/26"));
  CHECK(prefix("192.0.2.77/26").last() == address("192.0.2.127"));
  CHECK(prefix("2001:db8::ffff/33").network() == prefix("2001:db8::/33"));
  CHECK(prefix("2001:db8::/32").last() == address("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST_CASE("ranges are disjoint, joined and in order", "[prefix]") {
  CHECK(text_of(ranges_of({prefix("10.1.0.0/16"), prefix("10.0.0.0/16"), prefix("10.1.2.0/24")})) ==
        "10.0.0.0-10.1.255.255");
  CHECK(text_of(ranges_of({prefix("10.0.0.1"), prefix("10.0.0.3")})) == "10.0.0.1-10.0.0.1 10.0.0.3-10.0.0.3");
  CHECK(text_of(ranges_of({prefix("255.255.255.255"), prefix("::/0")})) ==
        "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 255.255.255.255-255.255.255.255");
  CHECK(text_of(ranges_of({prefix("10.0.0.9/30")})) == "10.0.0.8-10.0.0.11");
  CHECK(ranges_of({}).empty());
}

TEST_CASE("the index finds every condition around an address, and the longest prefix of one", "[prefix]") {
  PrefixIndex::Builder builder;
  builder.add(prefix("10.0.0.0/8"), 0);
  builder.add(prefix("10.1.0.0/16"), 1);
  builder.add(prefix("10.1.0.0/16"), 2);
  builder.add(prefix("10.1.2.0/24"), 0);
  builder.add(prefix("10.1.2.3"), 3);
  builder.add(prefix("::/0"), 4);
  const auto index = std::move(builder).build();
  CHECK(index.size() == 5);
  const auto matched = [&](std::string_view text) {
    Conditions conditions;
    index.match(address(text), conditions);
    std::string found;
    for (std::size_t i = 0; i < 5; ++i)
      if (conditions.test(i)) found += std::to_string(i);
    return found;
  };
  CHECK(matched("10.1.2.3") == "0123");
  CHECK(matched("10.1.2.4") == "012");
  CHECK(matched("10.1.9.9") == "012");
  CHECK(matched("10.9.9.9") == "0");
  CHECK(matched("11.0.0.0").empty());
  CHECK(matched("9.255.255.255").empty());
  CHECK(matched("::1") == "4");
  CHECK(index.longest(address("10.1.2.3"), 0) == prefix("10.1.2.0/24"));
  CHECK(index.longest(address("10.1.9.9"), 0) == prefix("10.0.0.0/8"));
  CHECK_FALSE(index.longest(address("10.1.9.9"), 3));
}

TEST_CASE("the index says what looking at each prefix would", "[prefix]") {
  auto random = weir::tests::seeded_random();
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<Prefix, Condition>> all;
    PrefixIndex::Builder builder;
    const auto some_address = [&] {
      // Few different bytes, so that prefixes nest.
      const auto byte = [&] { return static_cast<std::uint8_t>(random.below(3)); };
      if (random.below(2) == 0) return Address::v4(10, byte(), byte(), byte());
      return Address({0x20, 1, byte(), byte(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(), byte()});
    };
    for (std::size_t i = random.below(20); i-- > 0;) {
      const auto where = some_address();
      const auto least = where.is_v4() ? Prefix::kMappedBits : 0U;
      const Prefix one(where, least + static_cast<unsigned>(random.below(129 - least)));
      all.emplace_back(one.network(), static_cast<Condition>(random.below(4)));
      builder.add(one, all.back().second);
    }
    const auto index = std::move(builder).build();
    for (int i = 0; i < 50; ++i) {
      const auto where = some_address();
      Conditions expected;
      Conditions found;
      for (const auto& [one, condition] : all)
        if (one.contains(where)) expected.set(condition);
      index.match(where, found);
      REQUIRE(found == expected);
    }
  }
}
