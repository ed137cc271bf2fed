#include "proxy/bypass/learned.hpp"

#include "proxy/bypass/run_time.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/make_policy.hpp"

using namespace weir;
using namespace std::chrono_literals;
using bypass::Entry;
using bypass::LearnedTable;
using bypass::Origin;
using bypass::RunTimeEntry;
using bypass::RunTimeList;
using bypass::Time;
using weir::tests::address;

namespace {

const Time kNow{1000h};
const Entry kMedia{policy::Source::bypass, "media"};
const Entry kOther{policy::Source::bypass, "other"};
const auto kOne = address("192.0.2.1");
const auto kTwo = address("2001:db8::2");

// "+media 192.0.2.1 -other 192.0.2.2": what has changed.
std::string changes(LearnedTable& table) {
  const auto changed = table.take_changes();
  std::string text;
  for (const auto& [entry, where] : changed.forgotten) text += "-" + entry.name + " " + where.text() + " ";
  for (const auto& [entry, where] : changed.expired) text += "~" + entry.name + " " + where.text() + " ";
  for (const auto& [one, is_renewed] : changed.learned)
    text += (is_renewed ? "=" : "+") + one.entry.name + " " + one.address.text() + " ";
  return text;
}

RunTimeEntry entry(std::string_view what, Time expires, policy::Flows flows = policy::Flows::mptcp) {
  auto parsed = RunTimeEntry::parse(what, flows, expires);
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

}  // namespace

TEST_CASE("an address is learned until its end", "[learned]") {
  LearnedTable table;
  CHECK(table.learn(kMedia, kOne, Origin::seen, "a.media.example", kNow, kNow + 1h));
  CHECK(table.learn(kMedia, kTwo, Origin::resolved, "media.example", kNow, kNow + 2h));
  CHECK(table.learn(kOther, kOne, Origin::answered, "x.example", kNow, kNow + 3h));
  CHECK(changes(table) == "+media 192.0.2.1 +media 2001:db8::2 +other 192.0.2.1 ");
  CHECK(changes(table).empty());
  table.expire(kNow + 1h - 1s);
  CHECK(changes(table).empty());
  table.expire(kNow + 1h);
  CHECK(changes(table) == "~media 192.0.2.1 ");
  REQUIRE(table.all().size() == 2);
  CHECK(table.all()[0].name == "x.example");
  CHECK(table.all()[0].origin == Origin::answered);
}

TEST_CASE("seen again, an address is known for longer, never for less", "[learned]") {
  LearnedTable table;
  table.learn(kMedia, kOne, Origin::seen, "a.media.example", kNow, kNow + 1h);
  changes(table);
  CHECK_FALSE(table.learn(kMedia, kOne, Origin::answered, "b.media.example", kNow, kNow + 30min));
  CHECK(changes(table).empty());
  CHECK(table.learn(kMedia, kOne, Origin::answered, "b.media.example", kNow, kNow + 2h));
  CHECK(changes(table) == "=media 192.0.2.1 ");
  CHECK(table.all()[0].name == "b.media.example");
  CHECK_FALSE(table.learn(kMedia, kTwo, Origin::seen, "a.media.example", kNow, kNow));
}

TEST_CASE("a name that must be read stands against its address", "[learned]") {
  LearnedTable table;
  table.learn(kMedia, kOne, Origin::seen, "a.media.example", kNow, kNow + 1h);
  table.learn(kOther, kOne, Origin::seen, "x.example", kNow, kNow + 1h);
  table.learn(kMedia, kTwo, Origin::seen, "a.media.example", kNow, kNow + 1h);
  changes(table);
  table.stands_against(kOne, "bad.example", kNow, kNow + 10min);
  CHECK(changes(table) == "-media 192.0.2.1 -other 192.0.2.1 ");
  CHECK(table.conflicts() == 2);
  CHECK_FALSE(table.learn(kMedia, kOne, Origin::resolved, "media.example", kNow + 5min, kNow + 2h));
  CHECK(table.conflicts() == 3);
  REQUIRE(table.withheld(kNow + 5min).size() == 1);
  CHECK(table.withheld(kNow + 5min)[0].name == "bad.example");
  table.stands_against(kOne, "bad.example", kNow, kNow + 5min);  // no shorter
  CHECK_FALSE(table.learn(kMedia, kOne, Origin::seen, "media.example", kNow + 6min, kNow + 2h));
  CHECK(table.learn(kMedia, kOne, Origin::seen, "media.example", kNow + 10min, kNow + 2h));
  CHECK(table.withheld(kNow + 10min).empty());
}

TEST_CASE("learned and at once forgotten is forgotten", "[learned]") {
  LearnedTable table;
  table.learn(kMedia, kOne, Origin::seen, "a.media.example", kNow, kNow + 1h);
  table.stands_against(kOne, "bad.example", kNow, kNow + 10min);
  CHECK(changes(table) == "-media 192.0.2.1 ");
}

TEST_CASE("a reload keeps what is still wanted", "[learned]") {
  LearnedTable table;
  table.learn(kMedia, kOne, Origin::seen, "a.media.example", kNow, kNow + 1h);
  table.learn(kOther, kOne, Origin::seen, "x.example", kNow, kNow + 1h);
  changes(table);
  table.keep_if([](const bypass::Learned& one) { return one.entry.name == "media"; });
  CHECK(changes(table) == "-other 192.0.2.1 ");
}

TEST_CASE("both tables are bounded, and what cannot be kept in mind is not learned", "[learned]") {
  LearnedTable table(2);
  const auto at = [](std::uint8_t i) { return policy::Address::v4(10, 0, 0, i); };
  CHECK(table.learn(kMedia, at(1), Origin::seen, "a", kNow, kNow + 1h));
  CHECK(table.learn(kMedia, at(2), Origin::seen, "a", kNow, kNow + 1h));
  CHECK_FALSE(table.learn(kMedia, at(3), Origin::seen, "a", kNow, kNow + 1h));
  CHECK(table.refused() == 1);
  table.expire(kNow + 1h);
  table.stands_against(at(1), "bad", kNow, kNow + 2h);
  table.stands_against(at(2), "bad", kNow, kNow + 2h);
  CHECK(table.learn(kMedia, at(3), Origin::seen, "a", kNow, kNow + 1h));
  table.stands_against(at(3), "bad", kNow, kNow + 3h);
  CHECK(table.all().empty());
  CHECK_FALSE(table.learn(kMedia, at(3), Origin::seen, "a", kNow, kNow + 1h));
  CHECK_FALSE(table.learn(kMedia, at(4), Origin::seen, "a", kNow, kNow + 1h));
  CHECK(table.learn(kMedia, at(4), Origin::seen, "a", kNow + 3h, kNow + 4h));
}

TEST_CASE("entries for a time", "[learned]") {
  RunTimeList list;
  CHECK(list.add(entry("198.51.100.0/24", kNow + 1h)));
  CHECK(list.add(entry("*.Media.example", kNow + 2h, policy::Flows::any)));
  CHECK(list.add(entry("198.51.100.0/24", kNow + 3h)));                      // again: for longer
  CHECK(list.add(entry("198.51.100.0/24", kNow + 1h, policy::Flows::tcp)));  // another kind of flows
  REQUIRE(list.all().size() == 3);
  policy::Policy policy;
  policy.run_time = list.table();
  policy::Facts facts{.client = address("10.1.0.2"),
                      .destination = tests::endpoint("198.51.100.7:443"),
                      .transport = policy::Transport::mptcp};
  facts.nothing_more();
  CHECK(policy::decide(policy, facts).decision.source == policy::Source::run_time_bypass);
  CHECK(list.expire(kNow + 1h));
  CHECK_FALSE(list.expire(kNow + 1h));
  CHECK(list.remove("198.51.100.0/24") == 1);
  CHECK(list.remove("198.51.100.0/24") == 0);
  REQUIRE(list.all().size() == 1);
  CHECK(list.all()[0].what == "*.media.example");
}

TEST_CASE("what cannot be bypassed is said so", "[learned]") {
  const auto error = [](std::string_view what) {
    const auto parsed = RunTimeEntry::parse(what, policy::Flows::any, kNow);
    return parsed.has_value() ? std::string() : parsed.error();
  };
  CHECK_THAT(error("198.51.100.1/24"), ContainsSubstring("198.51.100.0/24 is the whole of it"));
  CHECK_THAT(error("https://x.example"), ContainsSubstring("neither an address"));
  CHECK_THAT(error(""), ContainsSubstring("neither an address"));
  RunTimeList list;
  for (std::size_t i = 0; i < RunTimeList::kMost; ++i)
    REQUIRE(list.add(entry("host" + std::to_string(i) + ".example", kNow)));
  CHECK_FALSE(list.add(entry("one.more.example", kNow)));
}
