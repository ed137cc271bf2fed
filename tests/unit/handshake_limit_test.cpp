#include "proxy/session/handshake_limit.hpp"

#include "tests/unit/catch.hpp"

using weir::policy::Address;
using weir::session::HandshakeLimit;

TEST_CASE("handshake limit: a client has so many places, and another its own", "[session]") {
  HandshakeLimit limit(2);
  const auto client = Address::v4(10, 0, 0, 1);
  auto first = limit.take(client);
  auto second = limit.take(client);
  CHECK(second);
  CHECK_FALSE(limit.take(client));
  CHECK(limit.take(Address::v4(10, 0, 0, 2)));
  first.reset();
  CHECK(limit.take(client));
}

TEST_CASE("handshake limit: a place that moves is given back once, and an idle client costs nothing", "[session]") {
  HandshakeLimit limit(1);
  const auto client = Address::v4(10, 0, 0, 1);
  {
    auto place = limit.take(client);
    const auto moved = std::move(*place);
    place.reset();
    CHECK_FALSE(limit.take(client));
  }
  CHECK(limit.clients() == 0);
}
