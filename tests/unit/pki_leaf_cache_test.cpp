#include <atomic>
#include <barrier>
#include <thread>

#include "pki/leaf_cache.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/made_certificate.hpp"

using namespace weir::pki;
using namespace weir::tests;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const auto kNow = std::chrono::system_clock::now();  // NOLINT(cert-err58-cpp)

LeafCache::Make leaf_until(Time end) {
  return [end]() -> Result<LeafPointer> {
    return std::make_shared<const Leaf>(
        Leaf{.certificate = MadeCertificate{.to = end}.sign(p256().get()), .key = nullptr, .chain = {}});
  };
}

Result<LeafPointer> nothing() { return std::string("nothing to make"); }

}  // namespace

TEST_CASE("a leaf is made once for its key", "[pki]") {
  LeafCache cache;
  const auto first = cache.find_or_make("a", kNow, leaf_until(kNow + hours(5)));
  const auto again = cache.find_or_make("a", kNow, nothing);
  REQUIRE(first);
  REQUIRE(again);
  CHECK(*first == *again);
  CHECK(*cache.find_or_make("b", kNow, leaf_until(kNow + hours(5))) != *first);
  CHECK(cache.made() == 2);
  CHECK(cache.hits() == 1);
  CHECK(cache.size() == 2);
}

TEST_CASE("a leaf with less than an hour left is made anew, in place of the old one", "[pki]") {
  LeafCache cache;
  const auto first = cache.find_or_make("a", kNow, leaf_until(kNow + hours(5)));
  CHECK(*cache.find_or_make("a", kNow + hours(4) - minutes(1), nothing) == *first);
  const auto second = cache.find_or_make("a", kNow + hours(4) + minutes(1), leaf_until(kNow + hours(50)));
  CHECK(*second != *first);
  CHECK(*cache.find_or_make("a", kNow + hours(9), nothing) == *second);
  CHECK(cache.size() == 1);
  CHECK(cache.made() == 2);
}

TEST_CASE("dates at the ends of time are no trouble to the cache", "[pki]") {
  LeafCache cache;
  CHECK(cache.find_or_make("a", kNow, leaf_until(Time::min())));
  CHECK(cache.find_or_make("a", kNow, leaf_until(Time::max())));
  CHECK(cache.find_or_make("a", kNow, nothing));
  CHECK(cache.made() == 2);
}

TEST_CASE("an error is handed on and not kept", "[pki]") {
  LeafCache cache;
  const auto failed = cache.find_or_make("a", kNow, nothing);
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == "nothing to make");
  CHECK(cache.size() == 0);
  CHECK(cache.made() == 0);
  CHECK(cache.find_or_make("a", kNow, leaf_until(kNow + hours(5))));
}

TEST_CASE("of too many leaves those longest not asked for go", "[pki]") {
  constexpr std::size_t kMost = 64;
  LeafCache cache(kMost);
  const auto make = [leaf = *leaf_until(kNow + hours(5))()]() -> Result<LeafPointer> { return leaf; };
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(cache.find_or_make(std::to_string(i), kNow, make));
    REQUIRE(cache.find_or_make("asked for all the time", kNow, i == 0 ? LeafCache::Make(make) : nothing));
    REQUIRE(cache.size() <= kMost);
  }
  CHECK(cache.size() == kMost);
  CHECK_FALSE(cache.find_or_make("0", kNow, nothing));
  CHECK(cache.find_or_make("999", kNow, nothing));
}

TEST_CASE("threads that ask for one leaf at once get the same one", "[pki]") {
  LeafCache cache;
  constexpr int kThreads = 8;
  constexpr int kKeys = 50;
  std::atomic<int> made = 0;
  const auto make = [&made, leaf = *leaf_until(kNow + hours(5))()]() -> Result<LeafPointer> {
    ++made;
    std::this_thread::yield();
    return leaf;
  };
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int key = 0; key < kKeys; ++key) static_cast<void>(cache.find_or_make(std::to_string(key), kNow, make));
    });
  threads.clear();
  CHECK(made == kKeys);
  CHECK(cache.hits() == (kThreads - 1) * kKeys);
}
