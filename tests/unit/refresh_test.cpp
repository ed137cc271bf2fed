#include "proxy/names/refresh.hpp"

#include <algorithm>
#include <map>

#include "tests/unit/catch.hpp"

using namespace weir;
using namespace std::chrono_literals;
using names::RefreshLimits;
using names::RefreshPlan;
using names::Resolution;
using Status = Resolution::Status;
using Names = std::vector<std::string>;
using Time = RefreshPlan::Time;

namespace {

constexpr Time kStart{1h};
constexpr RefreshLimits kNoPace{.most_under_way = 1000, .starts_per_second = 1'000'000'000};

Resolution found(const std::vector<const char*>& addresses, std::chrono::seconds ttl, bool complete = true) {
  Resolution resolution;
  resolution.status = Status::ok;
  for (const auto* address : addresses) resolution.addresses.push_back({*policy::Address::parse(address), ttl});
  resolution.ttl = ttl;
  resolution.complete = complete;
  return resolution;
}

Resolution failed(Status status) {
  Resolution resolution;
  resolution.status = status;
  return resolution;
}

std::string known(const RefreshPlan& plan, const std::string& name) {
  std::string all;
  for (const auto& address : plan.known(name)) all += (all.empty() ? "" : " ") + address.text();
  return all;
}

Names start_all(RefreshPlan& plan, Time now) {
  Names started;
  while (auto name = plan.start(now)) {
    started.push_back(std::move(*name));
    now += 1us;
  }
  return started;
}

// The pause the plan makes after a result for "a", which it had just started.
std::chrono::seconds pause_after(RefreshPlan& plan, const Resolution& resolution, Time now) {
  plan.take("a", resolution, now);
  return std::chrono::duration_cast<std::chrono::seconds>(*plan.next_due() - now);
}

}  // namespace

TEST_CASE("a new name is due at once, and again after its TTL", "[refresh]") {
  RefreshPlan plan(kNoPace);
  CHECK_FALSE(plan.next_due().has_value());
  CHECK_FALSE(plan.start(kStart).has_value());
  plan.set_names({"a"}, kStart);
  CHECK(plan.next_due() == kStart);
  CHECK(plan.start(kStart) == "a");
  CHECK_FALSE(plan.next_due().has_value());
  CHECK(plan.under_way() == 1);
  CHECK(plan.take("a", found({"192.0.2.1"}, 300s), kStart + 1s));
  CHECK(plan.under_way() == 0);
  CHECK(plan.next_due() == kStart + 301s);
  CHECK_FALSE(plan.start(kStart + 300s).has_value());
  CHECK(plan.start(kStart + 301s) == "a");
}

TEST_CASE("a TTL is kept within bounds", "[refresh]") {
  for (const auto& [ttl, pause] :
       {std::pair{0s, 30s}, {29s, 30s}, {31s, 31s}, {86'399s, 86'399s}, {1'000'000s, 86'400s}}) {
    RefreshPlan plan(kNoPace);
    plan.set_names({"a"}, kStart);
    plan.start(kStart);
    CHECK(pause_after(plan, found({"192.0.2.1"}, ttl), kStart) == pause);
  }
}

TEST_CASE("a failed name is tried again, later and later, until it is found", "[refresh]") {
  RefreshPlan plan(kNoPace);
  plan.set_names({"a"}, kStart);
  auto now = kStart;
  const auto pause = [&](const Resolution& resolution) {
    REQUIRE(plan.start(now) == "a");
    const auto made = pause_after(plan, resolution, now);
    now += made;
    return made;
  };
  for (const auto expected : {30s, 60s, 120s, 240s, 480s, 600s, 600s, 600s})
    CHECK(pause(failed(Status::time_out)) == expected);
  CHECK(pause(found({"192.0.2.1"}, 3600s)) == 3600s);
  CHECK(pause(failed(Status::no_such_name)) == 30s);
  CHECK(pause(failed(Status::refused)) == 60s);
}

TEST_CASE("what was known stays until told otherwise", "[refresh]") {
  RefreshPlan plan(kNoPace);
  plan.set_names({"a"}, kStart);
  auto now = kStart;
  const auto take = [&](const Resolution& resolution) {
    REQUIRE(plan.start(now).has_value());
    const bool changed = plan.take("a", resolution, now);
    now = *plan.next_due();
    return changed;
  };
  CHECK(take(found({"192.0.2.2", "192.0.2.1", "192.0.2.2", "2001:db8::1"}, 60s)));
  CHECK(known(plan, "a") == "192.0.2.1 192.0.2.2 2001:db8::1");
  CHECK_FALSE(take(found({"192.0.2.1", "2001:db8::1", "192.0.2.2"}, 90s)));  // in turn, as servers do
  for (const auto status : {Status::time_out, Status::refused, Status::failed}) CHECK_FALSE(take(failed(status)));
  CHECK(take(found({"192.0.2.9"}, 60s)));
  CHECK(known(plan, "a") == "192.0.2.9");
  CHECK(take(failed(Status::no_such_name)));
  CHECK(known(plan, "a").empty());
  CHECK(take(found({"192.0.2.9"}, 60s)));
  CHECK(take(failed(Status::no_data)));
  CHECK(known(plan, "a").empty());
}

TEST_CASE("of a resolution with one family missing, that family's addresses stay and it is tried again soon",
          "[refresh]") {
  RefreshPlan plan(kNoPace);
  plan.set_names({"a"}, kStart);
  plan.start(kStart);
  auto now = kStart + pause_after(plan, found({"192.0.2.1", "2001:db8::1"}, 3600s), kStart);
  plan.start(now);
  CHECK(pause_after(plan, found({"192.0.2.2"}, 3600s, false), now) == 30s);
  CHECK(known(plan, "a") == "192.0.2.2 2001:db8::1");
  plan.start(now + 30s);
  CHECK(pause_after(plan, found({"192.0.2.2"}, 3600s, false), now + 30s) == 60s);
  plan.start(now + 90s);
  CHECK(pause_after(plan, found({"2001:db8::2"}, 3600s, false), now + 90s) == 120s);
  CHECK(known(plan, "a") == "192.0.2.2 2001:db8::2");
  plan.start(now + 210s);
  CHECK(pause_after(plan, found({"2001:db8::2"}, 40s, false), now + 210s) == 40s);  // its TTL comes sooner
  plan.start(now + 250s);
  CHECK(pause_after(plan, found({"192.0.2.2"}, 3600s), now + 250s) == 3600s);
  CHECK(known(plan, "a") == "192.0.2.2");
}

TEST_CASE("names are replaced as a whole, and those that stay keep what is known of them", "[refresh]") {
  RefreshPlan plan(kNoPace);
  plan.set_names({"a", "b", "b"}, kStart);
  CHECK(plan.size() == 2);
  CHECK(start_all(plan, kStart) == Names{"a", "b"});
  plan.take("a", found({"192.0.2.1"}, 300s), kStart);
  plan.take("b", found({"192.0.2.2"}, 200s), kStart);
  plan.set_names({"c", "a"}, kStart + 1s);
  CHECK(known(plan, "a") == "192.0.2.1");
  CHECK(known(plan, "b").empty());
  CHECK(start_all(plan, kStart + 250s) == Names{"c"});  // b is not due any more
  plan.take("c", found({"192.0.2.3"}, 300s), kStart + 250s);
  CHECK(plan.next_due() == kStart + 300s);
  plan.set_names({}, kStart);
  CHECK(plan.size() == 0);
  CHECK_FALSE(plan.next_due().has_value());
}

TEST_CASE("a name dropped while it is under way: its result is of no use, unless it came back", "[refresh]") {
  RefreshPlan plan(kNoPace);
  plan.set_names({"a"}, kStart);
  plan.start(kStart);
  plan.set_names({"b"}, kStart);
  CHECK(plan.under_way() == 1);
  CHECK_FALSE(plan.take("a", found({"192.0.2.1"}, 60s), kStart));
  CHECK(plan.under_way() == 0);
  CHECK(known(plan, "a").empty());

  CHECK(plan.start(kStart + 1s) == "b");
  plan.set_names({}, kStart + 1s);
  plan.set_names({"b"}, kStart + 1s);
  CHECK_FALSE(plan.start(kStart + 2s).has_value());  // it is under way already
  CHECK(plan.take("b", found({"192.0.2.2"}, 60s), kStart + 2s));
  CHECK(plan.next_due() == kStart + 62s);
}

TEST_CASE("a result nobody asked for is ignored", "[refresh]") {
  RefreshPlan plan(kNoPace);
  plan.set_names({"a"}, kStart);
  CHECK_FALSE(plan.take("a", found({"192.0.2.1"}, 60s), kStart));
  CHECK_FALSE(plan.take("x", found({"192.0.2.1"}, 60s), kStart));
  CHECK(known(plan, "a").empty());
  CHECK(plan.start(kStart) == "a");
}

TEST_CASE("what is abandoned is due at once", "[refresh]") {
  RefreshPlan plan(kNoPace);
  plan.set_names({"a", "b"}, kStart);
  CHECK(start_all(plan, kStart).size() == 2);
  plan.set_names({"a"}, kStart);
  plan.abandon(kStart + 5s);
  CHECK(plan.under_way() == 0);
  CHECK(start_all(plan, kStart + 5s) == Names{"a"});
}

TEST_CASE("ten thousand names keep to the limits, and each gets its turn", "[refresh]") {
  const RefreshLimits limits{.most_under_way = 64, .starts_per_second = 200};
  constexpr auto kAnswerTime = 100ms;
  RefreshPlan plan(limits);
  Names names;
  for (int i = 0; i < 10'000; ++i) names.push_back("n" + std::to_string(i));
  plan.set_names(names, kStart);
  std::vector<Time> starts;
  std::multimap<Time, std::string> answers;
  std::size_t most = 0;
  for (auto now = kStart; plan.next_due() <= kStart || !answers.empty();) {
    const auto due = plan.next_due();
    const bool is_answer = !answers.empty() && (!due || answers.begin()->first <= *due);
    now = is_answer ? answers.begin()->first : *due;
    if (is_answer) {
      plan.take(answers.begin()->second, found({"192.0.2.1"}, 86'400s), now);
      answers.erase(answers.begin());
    }
    while (auto name = plan.start(now)) {
      starts.push_back(now);
      answers.emplace(now + kAnswerTime, *name);
    }
    most = std::max(most, plan.under_way());
    if (starts.size() == names.size() && answers.empty()) break;
  }
  REQUIRE(starts.size() == names.size());
  CHECK(most <= limits.most_under_way);
  for (std::size_t i = 200; i < starts.size(); ++i) REQUIRE(starts[i] - starts[i - 200] >= 1s);
  CHECK(starts.back() - starts.front() < 51s);  // nor slower than allowed
}

TEST_CASE("no more are under way than allowed, and limits of 0 are 1", "[refresh]") {
  for (const std::size_t limit : {0U, 1U, 3U}) {
    RefreshPlan plan({.most_under_way = limit, .starts_per_second = 1'000'000'000});
    plan.set_names({"a", "b", "c", "d", "e"}, kStart);
    CHECK(start_all(plan, kStart).size() == std::max<std::size_t>(limit, 1));
    CHECK_FALSE(plan.next_due().has_value());
  }
  RefreshPlan slow({.most_under_way = 10, .starts_per_second = 0});
  slow.set_names({"a", "b"}, kStart);
  CHECK(slow.start(kStart) == "a");
  CHECK(slow.next_due() == kStart + 1s);
}
