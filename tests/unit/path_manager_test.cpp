#include "proxy/kernel/path_manager.hpp"

#include "tests/unit/catch.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;

namespace {

policy::Address address(const char* text) { return *policy::Address::parse(text); }

}  // namespace

TEST_CASE("limits are what was set", "[path_manager][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  auto paths = kernel::PathManager::open();
  REQUIRE(paths.has_value());
  const auto limits = GENERATE(kernel::PathManagerLimits{0, 8}, kernel::PathManagerLimits{3, 1});
  REQUIRE(paths->set_limits(limits).has_value());
  CHECK(*paths->limits() == limits);
}

TEST_CASE("limits the kernel does not take are refused, and change nothing", "[path_manager][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  auto paths = kernel::PathManager::open();
  const auto before = *paths->limits();
  const auto refused = paths->set_limits({.add_addr_accepted = 0, .subflows = 300});
  REQUIRE(refused.has_error());
  CHECK_THAT(refused.error(), ContainsSubstring("cannot set the limits"));
  CHECK(*paths->limits() == before);
}

TEST_CASE("endpoints are added, listed and removed", "[path_manager][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE(test::OwnNetwork::set_up("lo"));
  auto paths = kernel::PathManager::open();
  CHECK(paths->endpoints()->empty());
  REQUIRE(paths->add_signal_endpoint(address("192.0.2.7"), 0).has_value());
  REQUIRE(paths->add_signal_endpoint(address("::1"), 8443).has_value());

  auto all = *paths->endpoints();
  REQUIRE(all.size() == 2);
  CHECK(all[0].address.text() == "192.0.2.7");
  CHECK(all[0].port == 0);
  CHECK(all[1].address.text() == "::1");
  CHECK(all[1].port == 8443);
  CHECK((all[0].signal && all[1].signal));
  CHECK((all[0].id != 0 && all[1].id != 0 && all[0].id != all[1].id));

  REQUIRE(paths->remove_endpoint(all[0]).has_value());
  all = *paths->endpoints();
  REQUIRE(all.size() == 1);
  CHECK(all[0].address.text() == "::1");
  REQUIRE(paths->remove_endpoint(all[0]).has_value());
  CHECK(paths->endpoints()->empty());
}

TEST_CASE("an endpoint twice, or one that is not there, is one clear sentence", "[path_manager][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  auto paths = kernel::PathManager::open();
  REQUIRE(paths->add_signal_endpoint(address("192.0.2.7"), 0).has_value());
  const auto twice = paths->add_signal_endpoint(address("192.0.2.7"), 0);
  REQUIRE(twice.has_error());
  CHECK_THAT(twice.error(), ContainsSubstring("cannot signal 192.0.2.7: "));
  CHECK(paths->endpoints()->size() == 1);
  const auto absent = paths->remove_endpoint({.id = 77, .address = address("192.0.2.8")});
  REQUIRE(absent.has_error());
  CHECK_THAT(absent.error(), ContainsSubstring("cannot remove the endpoint 192.0.2.8: "));
}
