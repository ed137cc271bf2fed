#include "proxy/kernel/endpoint_plan.hpp"

#include "tests/unit/catch.hpp"

using namespace weir;
using Endpoints = std::vector<conf::SignalledEndpoint>;

namespace {

const conf::SignalledEndpoint kFirst{policy::Address::v4(203, 0, 113, 5), 8443};
const conf::SignalledEndpoint kSecond{policy::Address::v4(203, 0, 113, 6), 0};

kernel::PathManagerEndpoint present(const conf::SignalledEndpoint& endpoint, std::uint8_t id, bool signal = true) {
  return {.id = id, .address = endpoint.address, .port = endpoint.port, .signal = signal};
}

}  // namespace

TEST_CASE("an intercepted port is not signalled: weir listens there itself", "[endpoint_plan]") {
  conf::Settings settings;
  settings.gateway.intercept_ports = {80, 443};
  settings.mptcp.endpoints = {{kFirst.address, 443}, {kFirst.address, 80}, kFirst};
  CHECK(kernel::wanted_endpoints(settings) == Endpoints{{kFirst.address, 0}, kFirst});
}

TEST_CASE("what is missing is added and becomes weir's", "[endpoint_plan]") {
  const auto plan = kernel::plan_endpoints({kFirst, kSecond}, {}, {});
  CHECK(plan.add == Endpoints{kFirst, kSecond});
  CHECK(plan.owned == Endpoints{kFirst, kSecond});
  CHECK(plan.remove.empty());
}

TEST_CASE("a user's own endpoint stays the user's", "[endpoint_plan]") {
  const auto plan = kernel::plan_endpoints({kFirst}, {}, {present(kFirst, 1), present(kSecond, 2)});
  CHECK(plan.add.empty());
  CHECK(plan.owned.empty());
  CHECK(plan.remove.empty());
}

TEST_CASE("a reload removes what is weir's and no longer wanted, and leaves the rest alone", "[endpoint_plan]") {
  const auto plan = kernel::plan_endpoints({kSecond}, {kFirst, kSecond}, {present(kFirst, 1), present(kSecond, 2)});
  CHECK(plan.add.empty());
  CHECK(plan.owned == Endpoints{kSecond});
  REQUIRE(plan.remove.size() == 1);
  CHECK(plan.remove.front().id == 1);
}

TEST_CASE("an endpoint that is there for something else is asked for all the same", "[endpoint_plan]") {
  CHECK(kernel::plan_endpoints({kFirst}, {}, {present(kFirst, 1, false)}).add == Endpoints{kFirst});
}
