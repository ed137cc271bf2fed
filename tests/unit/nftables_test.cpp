#include "proxy/kernel/nftables.hpp"

#include "tests/unit/catch.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;

TEST_CASE("libnftables' errors become one sentence", "[nftables]") {
  CHECK(kernel::nftables_sentence("internal:0:0-0: Error: Could not process rule: Operation not permitted\n\n\n") ==
        "nftables refuses: weir needs CAP_NET_ADMIN (run it as root)");
  CHECK(kernel::nftables_sentence("<cmdline>:4:3-22: Error: syntax error, unexpected drop\n  tcp dport drop\n"
                                  "            ^^^^\n<cmdline>:5:1-1: Error: another\n") ==
        "nftables: syntax error, unexpected drop, at `tcp dport drop`");
  CHECK_THAT(kernel::nftables_sentence("<cmdline>:1:1-2: Error: Could not process rule: No such file or directory\n"
                                       "tproxy ip to 0.0.0.0\n^^^^\n"),
             ContainsSubstring("nft_tproxy"));
  CHECK(kernel::nftables_sentence("") == "nftables failed without saying why: ");
}

TEST_CASE("a check changes nothing, a run does, and errors do not stick", "[nftables][root]") {
  WEIR_NEEDS_ROOT();
  const test::OwnNetwork network;
  REQUIRE(static_cast<bool>(network));
  auto nftables = kernel::Nftables::open();
  REQUIRE(nftables.has_value());
  CHECK(nftables->check("table inet other { }\n").has_value());
  CHECK(*nftables->run("list ruleset") == "");
  CHECK_FALSE(nftables->run("table inet other {\n").has_value());
  CHECK_FALSE(nftables->check("delete table inet absent\n").has_value());
  CHECK(nftables->run("table inet other { }\n").has_value());
  CHECK_THAT(*nftables->run("list ruleset"), ContainsSubstring("table inet other"));
}
