#include "proxy/kernel/mptcp_info.hpp"

#include <algorithm>

#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/path_manager.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/mptcp_pair.hpp"

using namespace weir;
using test::TwoHosts;

namespace {

// The server announces an address, and the client joins by it.
void announce(const TwoHosts& hosts, const char* address) {
  hosts.on_client([] { REQUIRE(kernel::PathManager::open()->set_limits({.add_addr_accepted = 4, .subflows = 8})); });
  auto paths = kernel::PathManager::open();
  REQUIRE(paths->set_limits({.add_addr_accepted = 0, .subflows = 8}));
  REQUIRE(paths->add_signal_endpoint(*policy::Address::parse(address), 0));
}

std::vector<kernel::SubflowState> subflows(const test::Descriptor& socket, bool older) {
  std::vector<kernel::SubflowState> all;
  REQUIRE_FALSE(kernel::read_subflows(socket.get(), all, older));
  std::ranges::sort(all, {}, &kernel::SubflowState::local);
  return all;
}

bool has_subflows(const test::Descriptor& socket, unsigned wanted) {
  return test::eventually([&] {
    const auto state = kernel::mptcp_state(socket.get());
    return state && state->subflows == wanted;
  });
}

}  // namespace

TEST_CASE("plain TCP is told apart, on an MPTCP listener too", "[mptcp_info][root]") {
  WEIR_NEEDS_ROOT();
  const TwoHosts hosts;
  REQUIRE(static_cast<bool>(hosts));
  const auto listener = TwoHosts::listen();
  const auto client = hosts.connect("10.9.0.1", IPPROTO_TCP);
  const auto accepted = TwoHosts::accept(listener);
  REQUIRE(accepted.get() >= 0);
  CHECK_FALSE(kernel::is_mptcp(accepted.get()));
  CHECK_FALSE(kernel::mptcp_state(accepted.get()).has_value());
  std::vector<kernel::SubflowState> all(3);
  CHECK(kernel::read_subflows(accepted.get(), all));
  CHECK(all.empty());
  CHECK_FALSE(kernel::is_mptcp(-1));
}

TEST_CASE("an MPTCP connection's first subflow", "[mptcp_info][root]") {
  WEIR_NEEDS_ROOT();
  const TwoHosts hosts;
  const auto listener = TwoHosts::listen();
  const auto address = GENERATE("10.9.0.1", "fd09::1");
  const auto client = hosts.connect(address);
  const auto accepted = TwoHosts::accept(listener);
  REQUIRE(kernel::is_mptcp(accepted.get()));
  const auto peer = test::own_endpoint(client);
  REQUIRE(::send(client.get(), "hello", 5, 0) == 5);
  REQUIRE(::send(accepted.get(), "goodbye", 7, 0) == 7);
  for (const bool older : {false, true}) {
    INFO(address << " older " << older);
    REQUIRE(test::eventually([&] {
      const auto all = subflows(accepted, older);
      return all.size() == 1 && all[0].bytes_received == 5 && all[0].bytes_sent == 7;
    }));
    const auto first = subflows(accepted, older)[0];
    CHECK(first.local.text() == policy::Endpoint{*policy::Address::parse(address), TwoHosts::kPort}.text());
    CHECK(first.remote == peer);
    CHECK(first.round_trip.count() > 0);
    CHECK(first.retransmissions == 0);
  }
  const auto state = kernel::mptcp_state(accepted.get());
  REQUIRE(state);
  CHECK(state->subflows == 1);
  CHECK_FALSE(state->fallback);
  CHECK(state->token != 0);
}

TEST_CASE("an IPv4 listener's connections have the same addresses", "[mptcp_info][root]") {
  WEIR_NEEDS_ROOT();
  const TwoHosts hosts;
  const auto listener = TwoHosts::listen_v4();
  const auto client = hosts.connect("10.9.0.1");
  const auto accepted = TwoHosts::accept(listener);
  for (const bool older : {false, true}) {
    const auto all = subflows(accepted, older);
    REQUIRE(all.size() == 1);
    CHECK(all[0].local == test::own_endpoint(accepted));
    CHECK(all[0].local.text() == "10.9.0.1:5001");
    CHECK(all[0].remote == test::own_endpoint(client));
  }
}

TEST_CASE("joined subflows, of either family, by both ways of asking", "[mptcp_info][root]") {
  WEIR_NEEDS_ROOT();
  struct Row {
    const char* first;
    const char* second;
  };
  // The client kernel joins over the other family only where its socket is an IPv6 one: hence the mapped address.
  for (const auto& row : {Row{"10.9.0.1", "10.9.0.2"}, Row{"fd09::1", "fd09::2"}, Row{"fd09::1", "10.9.0.2"},
                          Row{"::ffff:10.9.0.1", "fd09::2"}}) {
    INFO(row.first << " joined at " << row.second);
    const TwoHosts hosts;
    announce(hosts, row.second);
    const auto listener = TwoHosts::listen();
    const auto client = hosts.connect(row.first);
    const auto accepted = TwoHosts::accept(listener);
    REQUIRE(has_subflows(accepted, 2));
    for (const bool older : {false, true}) {
      const auto all = subflows(accepted, older);
      REQUIRE(all.size() == 2);
      const std::size_t second = all[1].local.address == *policy::Address::parse(row.second) ? 1 : 0;
      const auto& joined = all[second];
      const auto& first = all[1 - second];
      CHECK(first.local == policy::Endpoint{*policy::Address::parse(row.first), TwoHosts::kPort});
      CHECK(first.remote == test::own_endpoint(client));
      CHECK(joined.local == policy::Endpoint{*policy::Address::parse(row.second), TwoHosts::kPort});
      CHECK(joined.remote.address.is_v4() == joined.local.address.is_v4());
      CHECK(joined.remote.port != first.remote.port);
    }
  }
}

TEST_CASE("a connection whose options are stripped on the way falls back, and keeps its one subflow",
          "[mptcp_info][root]") {
  WEIR_NEEDS_ROOT();
  const TwoHosts hosts;
  const auto listener = TwoHosts::listen();
  const auto client = hosts.connect("10.9.0.1");
  const auto accepted = TwoHosts::accept(listener);
  REQUIRE(kernel::is_mptcp(accepted.get()));
  const std::string strip =
      "table ip middlebox { chain c { type filter hook prerouting priority -300; tcp dport 5001 "
      "reset tcp option mptcp; }; }\n";
  REQUIRE(kernel::Nftables::open()->run(strip).has_value());
  REQUIRE(::send(client.get(), "hello", 5, 0) == 5);
  REQUIRE(test::eventually([&] {
    const auto state = kernel::mptcp_state(accepted.get());
    REQUIRE(state);
    return state->fallback;
  }));
  CHECK(kernel::is_mptcp(accepted.get()));
  for (const bool older : {false, true}) {
    const auto all = subflows(accepted, older);
    REQUIRE(all.size() == 1);
    CHECK(all[0].remote == test::own_endpoint(client));
    CHECK(all[0].bytes_received == 5);
  }
}

TEST_CASE("asking again allocates nothing", "[mptcp_info][root]") {
  WEIR_NEEDS_ROOT();
  const TwoHosts hosts;
  const auto listener = TwoHosts::listen();
  const auto client = hosts.connect("10.9.0.1");
  const auto accepted = TwoHosts::accept(listener);
  std::vector<kernel::SubflowState> all;
  REQUIRE_FALSE(kernel::read_subflows(accepted.get(), all));
  const auto* before = all.data();
  REQUIRE_FALSE(kernel::read_subflows(accepted.get(), all));
  CHECK(all.size() == 1);
  CHECK(all.data() == before);
}
