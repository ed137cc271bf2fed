#include "proxy/names/sightings.hpp"

#include <atomic>
#include <thread>

#include "tests/unit/catch.hpp"

using namespace weir;
using namespace std::chrono_literals;
using names::Answer;
using names::Sightings;

namespace {

const Sightings::Time kNow = Sightings::Time() + 1000h;

policy::DomainName name(std::string_view text) { return policy::DomainName::parse(text).value(); }
policy::Address address(std::string_view text) { return policy::Address::parse(text).value(); }

struct Table : Sightings {
  using Sightings::Sightings;
  void see(std::string_view of, std::string_view at, std::chrono::seconds ttl = 0s, Time now = kNow) {
    const Answer answer{address(at), ttl};
    take(name(of), std::span(&answer, 1), now);
  }
  bool has(std::string_view of, std::string_view at, Time now = kNow) const {
    return Sightings::has(name(of), address(at), now);
  }
};

}  // namespace

TEST_CASE("sightings: a name belongs to the addresses of its answers, and to no others", "[names]") {
  Table table;
  const std::vector<Answer> answers{{address("192.0.2.1"), 60s}, {address("2001:db8::1"), 60s}};
  table.take(name("WWW.example"), answers, kNow);
  table.see("other.example", "192.0.2.2");
  CHECK(table.size() == 3);
  CHECK(table.has("www.example", "192.0.2.1"));
  CHECK(table.has("www.example", "2001:db8::1"));
  CHECK_FALSE(table.has("www.example", "192.0.2.2"));
  CHECK_FALSE(table.has("other.example", "192.0.2.1"));
  CHECK_FALSE(table.has("example", "192.0.2.1"));
  table.clear();
  CHECK(table.size() == 0);
  CHECK_FALSE(table.has("www.example", "192.0.2.1"));
}

TEST_CASE("sightings: kept for as long as the answer, within an hour and a day", "[names]") {
  struct Row {
    std::chrono::seconds ttl;
    std::chrono::seconds kept;
  };
  const auto row = GENERATE(values<Row>({{0s, 1h}, {60s, 1h}, {2h, 2h}, {24h, 24h}, {240h, 24h}}));
  Table table;
  table.see("www.example", "192.0.2.1", row.ttl);
  CHECK(table.has("www.example", "192.0.2.1", kNow + row.kept - 1s));
  CHECK_FALSE(table.has("www.example", "192.0.2.1", kNow + row.kept));
}

TEST_CASE("sightings: a later one renews, and never takes time away", "[names]") {
  Table table;
  table.see("www.example", "192.0.2.1", 3h);
  table.see("www.example", "192.0.2.1", 0s, kNow + 1h);
  CHECK(table.size() == 1);
  CHECK(table.has("www.example", "192.0.2.1", kNow + 3h - 1s));
  CHECK_FALSE(table.has("www.example", "192.0.2.1", kNow + 3h));
  table.see("www.example", "192.0.2.1", 0s, kNow + 9h);  // after its end
  CHECK(table.has("www.example", "192.0.2.1", kNow + 10h - 1s));
}

TEST_CASE("sightings: of too many the longest unseen goes", "[names]") {
  Table table(3);
  table.see("a.example", "192.0.2.1");
  table.see("b.example", "192.0.2.1");
  table.see("c.example", "192.0.2.1");
  table.see("a.example", "192.0.2.1");
  table.see("d.example", "192.0.2.1");
  CHECK(table.size() == 3);
  CHECK_FALSE(table.has("b.example", "192.0.2.1"));
  for (const auto* kept : {"a.example", "c.example", "d.example"}) CHECK(table.has(kept, "192.0.2.1"));
  for (int i = 0; i < 100; ++i) table.see("x" + std::to_string(i) + ".example", "192.0.2.1");
  CHECK(table.size() == 3);
  CHECK(table.has("x99.example", "192.0.2.1"));
}

TEST_CASE("sightings: asked and told from several threads", "[names]") {
  Table table(50);
  std::vector<std::thread> threads;
  std::atomic<int> found{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&table, &found, t] {
      for (int i = 0; i < 2000; ++i) {
        const auto of = "x" + std::to_string((i * 7 + t) % 100) + ".example";
        table.see(of, "192.0.2.1");
        if (table.has("x" + std::to_string(i % 100) + ".example", "192.0.2.1")) ++found;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(table.size() == 50);
  CHECK(found > 0);
}
