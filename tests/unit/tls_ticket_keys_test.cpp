#include "proxy/tls/ticket_keys.hpp"
#include "tests/unit/catch.hpp"

using weir::tls::TicketKeys;
using namespace std::chrono_literals;

namespace {

const TicketKeys::Time kNow{std::chrono::hours(1000)};  // NOLINT(cert-err58-cpp)

}  // namespace

TEST_CASE("ticket keys: one for an hour, then another", "[tls]") {
  TicketKeys keys;
  const auto first = keys.current(kNow);
  REQUIRE(first);
  const auto same = keys.current(kNow + TicketKeys::kChange - 1ns);
  REQUIRE(same);
  CHECK(same->name == first->name);
  CHECK(same->cipher == first->cipher);
  CHECK(same->mac == first->mac);
  const auto next = keys.current(kNow + TicketKeys::kChange);
  REQUIRE(next);
  CHECK(next->name != first->name);
  CHECK(next->cipher != first->cipher);
  CHECK(next->mac != first->mac);
}

TEST_CASE("ticket keys: they are random, each part apart", "[tls]") {
  TicketKeys one;
  TicketKeys other;
  const auto key = one.current(kNow);
  REQUIRE(key);
  CHECK(key->cipher != key->mac);
  CHECK(key->cipher != decltype(key->cipher){});
  CHECK(key->name != other.current(kNow)->name);
  CHECK(key->cipher != other.current(kNow)->cipher);
}

TEST_CASE("ticket keys: an old one opens for a ticket's lifetime, and asks for a new ticket", "[tls]") {
  TicketKeys keys;
  const auto key = keys.current(kNow);
  REQUIRE(key);
  const auto found = keys.find(key->name, kNow + 59min);
  REQUIRE(found);
  CHECK(found->is_current);
  CHECK(found->key.cipher == key->cipher);
  const auto old = keys.find(key->name, kNow + TicketKeys::kChange);
  REQUIRE(old);
  CHECK_FALSE(old->is_current);
  CHECK(old->key.mac == key->mac);
  const auto over = kNow + TicketKeys::kChange + TicketKeys::kLifetime;
  CHECK(keys.find(key->name, over - 1ns));
  CHECK_FALSE(keys.find(key->name, over));
}

TEST_CASE("ticket keys: those that are made since do not take an older one's place", "[tls]") {
  TicketKeys keys;
  const auto first = keys.current(kNow);
  for (int hour = 1; hour <= 4; ++hour) REQUIRE(keys.current(kNow + hour * 1h));
  CHECK(keys.find(first->name, kNow + 4h));
  REQUIRE(keys.current(kNow + 5h));
  CHECK_FALSE(keys.find(first->name, kNow + 4h));  // it is forgotten, whatever the time
}

TEST_CASE("ticket keys: a name that is not theirs finds none", "[tls]") {
  TicketKeys keys;
  CHECK_FALSE(keys.find(std::array<std::uint8_t, 16>{}, kNow));
  auto name = keys.current(kNow)->name;
  name[15] ^= 1;
  CHECK_FALSE(keys.find(name, kNow));
}
