#include <arpa/inet.h>
#include <poll.h>
#include <sys/wait.h>

#include "proxy/kernel/local_addresses.hpp"
#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/kernel/ruleset_watch.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;

namespace {

const std::string kTwoTables = "table inet weir { chain c { accept; }; }\ntable ip weir { }\ntable inet other { }\n";

bool readable(int descriptor) {
  pollfd waiting{descriptor, POLLIN, 0};
  return poll(&waiting, 1, 5000) == 1;
}

// Another process of this network namespace runs the text.
void elsewhere(const std::string& text) {
  const pid_t child = fork();
  if (child == 0) {
    auto nftables = kernel::Nftables::open();
    _exit(nftables && nftables->run(text) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
}

}  // namespace

TEST_CASE("a deletion by another process is noticed", "[ruleset_watch][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE(static_cast<bool>(network));
  for (const char* deletion : {"delete table inet weir", "flush ruleset", "flush table inet weir",
                               "add table inet weir\ndelete table inet weir\ntable inet weir { }"}) {
    INFO(deletion);
    auto nftables = kernel::Nftables::open();
    REQUIRE(nftables->run(kernel::removal_text() + kTwoTables).has_value());
    auto watch = kernel::RulesetWatch::open();
    REQUIRE(watch.has_value());
    elsewhere(deletion);
    REQUIRE(readable(watch->descriptor()));
    CHECK(watch->read());
    CHECK_FALSE(watch->read());
  }
}

TEST_CASE("this process's own changes, and those to other tables, do not count", "[ruleset_watch][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE(static_cast<bool>(network));
  auto nftables = kernel::Nftables::open();
  auto watch = kernel::RulesetWatch::open();
  REQUIRE(nftables->run(kTwoTables).has_value());
  REQUIRE(nftables->run(kernel::removal_text() + kTwoTables).has_value());
  REQUIRE(readable(watch->descriptor()));
  CHECK_FALSE(watch->read());
  elsewhere("delete table ip weir\ndelete table inet other\nadd rule inet weir c drop\n");
  REQUIRE(readable(watch->descriptor()));
  CHECK_FALSE(watch->read());
}

TEST_CASE("this host's addresses are followed", "[local_addresses][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE(static_cast<bool>(network));
  auto addresses = kernel::LocalAddresses::open();
  REQUIRE(addresses.has_value());
  CHECK(addresses->now().empty());
  CHECK_FALSE(addresses->read());
  REQUIRE(test::OwnNetwork::set_up("lo"));
  REQUIRE(readable(addresses->descriptor()));
  CHECK(addresses->read());
  CHECK(addresses->now().contains(policy::Address::v4(127, 0, 0, 1)));
  CHECK(addresses->now().contains(*policy::Address::parse("::1")));
  REQUIRE(test::OwnNetwork::add_loopback_address(htonl(0xcb007105)));
  REQUIRE(readable(addresses->descriptor()));
  CHECK(addresses->read());
  CHECK(addresses->now().contains(policy::Address::v4(203, 0, 113, 5)));
}
