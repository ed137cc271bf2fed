#include "proxy/kernel/packet_log.hpp"

#include "proxy/kernel/mptcp_info.hpp"
#include "proxy/kernel/mptcp_syn.hpp"
#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/path_manager.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/mptcp_pair.hpp"

using namespace weir;
using test::TwoHosts;

namespace {

// As the ruleset's own statement, with a queue of one: nothing is held back for a fuller message.
constexpr std::uint16_t kGroup = 1306;
const std::string kLogRule =
    "table inet weir { chain c { type filter hook input priority 0; "
    "tcp flags & (syn | ack) == syn tcp option mptcp exists log group 1306 queue-threshold 1; }; }\n";

}  // namespace

TEST_CASE("connections and joins are told, a join with its connection's token", "[packet_log][root]") {
  WEIR_NEEDS_ROOT();
  const TwoHosts hosts;
  auto alerts = kernel::PacketLog::open(kGroup, 256, "mptcp.alert");
  REQUIRE(alerts.has_value());
  REQUIRE(kernel::Nftables::open()->run(kLogRule).has_value());
  hosts.on_client([] { REQUIRE(kernel::PathManager::open()->set_limits({.add_addr_accepted = 1, .subflows = 8})); });
  auto paths = kernel::PathManager::open();
  REQUIRE(paths->set_limits({.add_addr_accepted = 0, .subflows = 8}));
  REQUIRE(paths->add_signal_endpoint(*policy::Address::parse("fd09::2"), 0));
  const auto listener = TwoHosts::listen();
  const auto plain = hosts.connect("fd09::1", IPPROTO_TCP);
  const auto not_mptcp = TwoHosts::accept(listener);
  const auto client = hosts.connect("fd09::1");
  const auto accepted = TwoHosts::accept(listener);

  std::vector<kernel::MptcpSyn> syns;
  while (syns.size() < 2 && test::readable(alerts->descriptor())) {
    const auto batch = alerts->read();
    CHECK_FALSE(batch.overrun);
    for (const auto& packet : batch.packets) syns.push_back(kernel::parse_mptcp_syn(packet).value());
  }
  REQUIRE(syns.size() == 2);
  CHECK(syns[0].subtype == kernel::MptcpSyn::Subtype::capable);
  CHECK(syns[0].client == test::own_endpoint(client));
  CHECK(syns[0].destination.text() == "[fd09::1]:5001");
  CHECK(syns[1].subtype == kernel::MptcpSyn::Subtype::join);
  CHECK(syns[1].token == kernel::mptcp_state(accepted.get())->token);
  CHECK(syns[1].destination.text() == "[fd09::2]:5001");
  CHECK(alerts->read().packets.empty());
}

TEST_CASE("alerts the kernel had to drop are told as an overrun", "[packet_log][root]") {
  WEIR_NEEDS_ROOT();
  const TwoHosts hosts;
  auto alerts = kernel::PacketLog::open(kGroup, 256, "mptcp.alert");
  REQUIRE(kernel::Nftables::open()->run(kLogRule).has_value());
  const int smallest = 1;  // the kernel makes it its minimum
  REQUIRE(::setsockopt(alerts->descriptor(), SOL_SOCKET, SO_RCVBUFFORCE, &smallest, sizeof smallest) == 0);
  const auto listener = TwoHosts::listen();
  for (int i = 0; i < 20; ++i) {
    const auto client = hosts.connect("10.9.0.1");
    REQUIRE(TwoHosts::accept(listener).get() >= 0);
  }
  CHECK(alerts->read().overrun);
  CHECK_FALSE(alerts->read().overrun);
}

TEST_CASE("a group that another program has is one clear sentence", "[packet_log][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  const auto first = kernel::PacketLog::open(kGroup, 256, "mptcp.alert");
  REQUIRE(first.has_value());
  const auto second = kernel::PacketLog::open(kGroup, 256, "mptcp.alert");
  REQUIRE(second.has_error());
  CHECK_THAT(second.error(), ContainsSubstring("NFLOG group 1306 is refused: another program listens to it"));
}
