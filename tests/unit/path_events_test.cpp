#include "proxy/kernel/path_events.hpp"

#include <cerrno>

#include <linux/genetlink.h>

#include "proxy/kernel/genetlink.hpp"
#include "proxy/kernel/mptcp_info.hpp"
#include "proxy/kernel/mptcp_uapi.hpp"
#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/path_manager.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/mptcp_pair.hpp"

using namespace weir;
using kernel::PathEvent;
using test::TwoHosts;

namespace {

policy::Address address(const char* text) { return *policy::Address::parse(text); }

PathEvent next(kernel::PathEvents& events) {
  REQUIRE(test::readable(events.descriptor()));
  const auto batch = events.read();
  CHECK_FALSE(batch.overrun);
  if (batch.events.empty()) return next(events);  // of a kind that is not handed over
  REQUIRE(batch.events.size() == 1);
  return batch.events[0];
}

// A connection at 10.9.0.1, joined at the address the server announces.
struct Joined {
  TwoHosts hosts;
  kernel::PathEvents events = *kernel::PathEvents::open();
  test::Descriptor listener = TwoHosts::listen();
  test::Descriptor client;
  test::Descriptor accepted;

  explicit Joined(const char* second = "10.9.0.2") {
    hosts.on_client([] { REQUIRE(kernel::PathManager::open()->set_limits({.add_addr_accepted = 4, .subflows = 8})); });
    auto paths = kernel::PathManager::open();
    REQUIRE(paths->set_limits({.add_addr_accepted = 0, .subflows = 8}));
    REQUIRE(paths->add_signal_endpoint(address(second), 0));
    client = hosts.connect("10.9.0.1");
    accepted = TwoHosts::accept(listener);
    REQUIRE(kernel::is_mptcp(accepted.get()));
  }

  PathEvent next() { return ::next(events); }
};

// What PathManager has no call for, since weir never joins: an endpoint of the client's to join from, and its change.
void change_client_endpoint(const TwoHosts& hosts, std::uint8_t command, std::uint32_t flags) {
  hosts.on_client([&] {
    auto socket = kernel::NetlinkSocket::open(NETLINK_GENERIC);
    kernel::NetlinkMessage request(kernel::find_family(*socket, MPTCP_PM_NAME)->id, 0);
    request.put<genlmsghdr>() = {.cmd = command, .version = MPTCP_PM_VER, .reserved = 0};
    auto* nest = request.begin_nest(MPTCP_PM_ATTR_ADDR);
    const auto from = address("10.9.0.18");
    request.put16(MPTCP_PM_ADDR_ATTR_FAMILY, AF_INET);
    request.put(MPTCP_PM_ADDR_ATTR_ADDR4, from.v4_bytes().data(), from.v4_bytes().size());
    request.put(MPTCP_PM_ADDR_ATTR_FLAGS, flags);
    request.end_nest(nest);
    REQUIRE_FALSE(socket->ask(request.header()));
  });
}

PathEvent ended(int error, bool has_reason = false, std::uint32_t reason = 0) {
  PathEvent event{};
  event.kind = PathEvent::Kind::subflow_closed;
  event.error = error;
  event.has_reset_reason = has_reason;
  event.reset_reason = reason;
  return event;
}

}  // namespace

TEST_CASE("a join is told, with the token and the addresses of the connection", "[path_events][root]") {
  WEIR_NEEDS_ROOT();
  Joined joined;
  const auto event = joined.next();
  CHECK(event.kind == PathEvent::Kind::subflow_established);
  CHECK(event.token == kernel::mptcp_state(joined.accepted.get())->token);
  CHECK(event.local == policy::Endpoint{address("10.9.0.2"), TwoHosts::kPort});
  std::vector<kernel::SubflowState> subflows;
  REQUIRE_FALSE(kernel::read_subflows(joined.accepted.get(), subflows));
  REQUIRE(subflows.size() == 2);
  CHECK((event.remote == subflows[0].remote || event.remote == subflows[1].remote));
  CHECK_FALSE(event.backup);
  CHECK(event.error == 0);
}

TEST_CASE("a subflow that its address' withdrawal closes is told", "[path_events][root]") {
  WEIR_NEEDS_ROOT();
  Joined joined;
  const auto began = joined.next();
  auto paths = kernel::PathManager::open();
  REQUIRE(paths->remove_endpoint(paths->endpoints()->at(0)));
  const auto event = joined.next();
  CHECK(event.kind == PathEvent::Kind::subflow_closed);
  CHECK(event.token == began.token);
  CHECK(event.local == began.local);
  CHECK(event.remote == began.remote);
  CHECK(kernel::describe_end(event) == "closed");
}

TEST_CASE("a first subflow that a reset ends is told, and is in the list no more", "[path_events][mptcp_info][root]") {
  WEIR_NEEDS_ROOT();
  Joined joined;
  joined.next();
  const auto first = test::own_endpoint(joined.client);
  joined.hosts.on_client([] {
    const std::string reset =
        "table ip cut { chain c { type filter hook input priority 0; ip saddr 10.9.0.1 tcp sport 5001 "
        "reject with tcp reset; }; }\n";
    REQUIRE(kernel::Nftables::open()->run(reset).has_value());
  });
  // Whatever goes over the first subflow, from here or there, is answered by a reset.
  REQUIRE(test::eventually([&] {
    ::send(joined.client.get(), "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    ::send(joined.accepted.get(), "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    return test::readable(joined.events.descriptor(), 0);
  }));
  const auto event = joined.next();
  CHECK(event.kind == PathEvent::Kind::subflow_closed);
  CHECK(event.local == policy::Endpoint{address("10.9.0.1"), TwoHosts::kPort});
  CHECK(event.remote == first);
  CHECK(event.error == ECONNRESET);
  CHECK(kernel::describe_end(event) == "reset");
  for (const bool older : {false, true}) {
    std::vector<kernel::SubflowState> left;
    REQUIRE_FALSE(kernel::read_subflows(joined.accepted.get(), left, older));
    REQUIRE(left.size() == 1);
    CHECK(left[0].local.address == address("10.9.0.2"));
  }
}

TEST_CASE("a subflow that becomes the regular one is told, and one that began as backup", "[path_events][root]") {
  WEIR_NEEDS_ROOT();
  const TwoHosts hosts;
  auto events = kernel::PathEvents::open();
  REQUIRE(kernel::PathManager::open()->set_limits({.add_addr_accepted = 0, .subflows = 8}));
  change_client_endpoint(hosts, MPTCP_PM_CMD_ADD_ADDR, MPTCP_PM_ADDR_FLAG_SUBFLOW | MPTCP_PM_ADDR_FLAG_BACKUP);
  const auto listener = TwoHosts::listen();
  const auto client = hosts.connect("10.9.0.1");
  const auto accepted = TwoHosts::accept(listener);
  REQUIRE(::send(client.get(), "x", 1, 0) == 1);  // the answer tells the client that it may join
  const auto began = next(*events);
  CHECK(began.kind == PathEvent::Kind::subflow_established);
  CHECK(began.remote.address == address("10.9.0.18"));
  CHECK(began.backup);
  change_client_endpoint(hosts, MPTCP_PM_CMD_SET_FLAGS, 0);
  const auto changed = next(*events);
  CHECK(changed.kind == PathEvent::Kind::subflow_priority);
  CHECK(changed.token == began.token);
  CHECK(changed.remote == began.remote);
  CHECK_FALSE(changed.backup);
}

TEST_CASE("a reading of nothing is empty, and never blocks", "[path_events][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  auto events = kernel::PathEvents::open();
  REQUIRE(events.has_value());
  const auto batch = events->read();
  CHECK(batch.events.empty());
  CHECK_FALSE(batch.overrun);
}

TEST_CASE("events of another network namespace are not seen", "[path_events][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork outside;
  auto elsewhere = kernel::PathEvents::open();
  Joined joined;
  joined.next();
  CHECK(elsewhere->read().events.empty());
}

TEST_CASE("events the kernel had to drop are told as an overrun", "[path_events][root]") {
  WEIR_NEEDS_ROOT();
  const TwoHosts hosts;
  auto events = kernel::PathEvents::open();
  const int smallest = 1;  // the kernel makes it its minimum, a few events' worth
  REQUIRE(::setsockopt(events->descriptor(), SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest) == 0);
  const auto listener = TwoHosts::listen();
  for (int i = 0; i < 20; ++i) {
    const auto client = hosts.connect("10.9.0.1");
    REQUIRE(kernel::is_mptcp(TwoHosts::accept(listener).get()));
  }
  CHECK(events->read().overrun);
  CHECK_FALSE(events->read().overrun);
}

TEST_CASE("a subflow's end in words", "[path_events]") {
  CHECK(kernel::describe_end(ended(0)) == "closed");
  CHECK(kernel::describe_end(ended(ECONNRESET)) == "reset");
  CHECK(kernel::describe_end(ended(EPIPE)) == "reset");
  CHECK(kernel::describe_end(ended(ECONNRESET, true, 0)) == "reset");
  CHECK(kernel::describe_end(ended(0, true, 0)) == "reset");
  CHECK(kernel::describe_end(ended(ECONNRESET, true, 1)) == "reset: MPTCP-specific error");
  CHECK(kernel::describe_end(ended(ECONNRESET, true, 2)) == "reset: lack of resources");
  CHECK(kernel::describe_end(ended(ECONNRESET, true, 3)) == "reset: administratively prohibited");
  CHECK(kernel::describe_end(ended(ECONNRESET, true, 4)) == "reset: too much outstanding data");
  CHECK(kernel::describe_end(ended(ECONNRESET, true, 5)) == "reset: unacceptable performance");
  CHECK(kernel::describe_end(ended(ECONNRESET, true, 6)) == "reset: middlebox interference");
  CHECK(kernel::describe_end(ended(ECONNRESET, true, 200)) == "reset: unknown reason");
  CHECK(kernel::describe_end(ended(ECONNABORTED)) == "aborted on the gateway");
  CHECK(kernel::describe_end(ended(ETIMEDOUT)) == "timed out");
  CHECK(kernel::describe_end(ended(EHOSTUNREACH)) == "unreachable");
  CHECK(kernel::describe_end(ended(ENETUNREACH)) == "unreachable");
  CHECK_FALSE(kernel::describe_end(ended(EPROTO)).empty());
}

TEST_CASE("a connection's begin is told before its accept, and its end", "[path_events][root]") {
  WEIR_NEEDS_ROOT();
  TwoHosts hosts;
  auto events = *kernel::PathEvents::open();
  const auto listener = TwoHosts::listen();
  auto client = hosts.connect("10.9.0.1");
  REQUIRE(test::readable(events.descriptor()));
  const auto begun = events.read();
  REQUIRE(begun.connections.size() == 1);
  CHECK(begun.connections[0].began);
  auto accepted = TwoHosts::accept(listener);
  CHECK(kernel::mptcp_state(accepted.get())->token == begun.connections[0].token);
  client.reset();
  accepted.reset();
  std::vector<kernel::ConnectionEvent> ended;
  while (ended.empty()) {
    REQUIRE(test::readable(events.descriptor()));
    ended = events.read().connections;
  }
  CHECK_FALSE(ended[0].began);
  CHECK(ended[0].token == begun.connections[0].token);
}
