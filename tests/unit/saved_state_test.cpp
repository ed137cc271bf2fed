#include "proxy/kernel/saved_state.hpp"

#include "tests/unit/catch.hpp"

using namespace weir;
using kernel::Changes;

namespace {

conf::SignalledEndpoint endpoint(const char* address, std::uint16_t port) {
  return {*policy::Address::parse(address), port};
}

Changes everything() {
  return {.sysctls = {{"net/ipv4/ip_forward", "0"}, {"net/ipv6/conf/eth0.5/accept_ra", "1"}},
          .subflows = 2,
          .endpoints = {endpoint("203.0.113.5", 8443), endpoint("2001:db8::5", 8443), endpoint("2001:db8::6", 0)},
          .fingerprint = "0123456789abcdef"};
}

}  // namespace

TEST_CASE("what was saved is read back", "[saved_state]") {
  CHECK(kernel::from_saved(to_saved(everything())) == everything());
  CHECK(kernel::from_saved(kernel::to_saved({})) == Changes{});
}

TEST_CASE("a comment of nft holds each entry", "[saved_state]") {
  Changes changes = everything();
  changes.sysctls.push_back({"net/ipv6/conf/fifteen.letters/accept_redirects", "1"});
  for (const auto& entry : to_saved(changes)) CHECK(entry.size() < 128);
}

TEST_CASE("entries that are not understood are passed over", "[saved_state]") {
  CHECK(kernel::from_saved({"", "=", "net", "mptcp.subflows=", "mptcp.subflows=x", "mptcp.endpoint=here",
                            "mptcp.endpoint=", "future=1"}) == Changes{});
  CHECK(kernel::from_saved({"net/ipv4/ip_forward=0"}).sysctls.size() == 1);
}

TEST_CASE("the older originals win", "[saved_state]") {
  Changes older;
  older.sysctls = {{"net/ipv4/ip_forward", "0"}};
  older.subflows = 2;
  Changes now;
  now.sysctls = {{"net/ipv4/ip_forward", "1"}, {"net/mptcp/enabled", "0"}};
  now.subflows = 7;
  keep_older(now, older);
  CHECK(now.sysctls == std::vector<kernel::Sysctl>{{"net/ipv4/ip_forward", "0"}, {"net/mptcp/enabled", "0"}});
  CHECK(now.subflows == 2U);
  keep_older(now, {});
  CHECK(now.subflows == 2U);
}

TEST_CASE("a fingerprint tells rulesets apart", "[saved_state]") {
  CHECK(kernel::fingerprint("") == "cbf29ce484222325");  // FNV-1a's test vectors
  CHECK(kernel::fingerprint("a") == "af63dc4c8601ec8c");
  CHECK(kernel::fingerprint("foobar") == "85944171f73967e8");
}
