#include "proxy/kernel/sysctl.hpp"

#include <cstdlib>
#include <fstream>

#include "tests/unit/catch.hpp"

using namespace weir;
using kernel::Sysctl;
using Sysctls = std::vector<Sysctl>;

namespace {

class FakeTree {
 public:
  FakeTree(std::initializer_list<Sysctl> values) {
    char name[] = "/tmp/weir-sysctl-XXXXXX";
    root_ = mkdtemp(name);
    for (const auto& [path, value] : values) {
      std::filesystem::create_directories((root_ / path).parent_path());
      std::ofstream(root_ / path) << value << "\n";
    }
  }
  FakeTree(const FakeTree&) = delete;
  FakeTree& operator=(const FakeTree&) = delete;
  ~FakeTree() { std::filesystem::remove_all(root_); }
  kernel::SysctlTree tree() const { return kernel::SysctlTree(root_); }

 private:
  std::filesystem::path root_;
};

conf::Settings settings() {
  conf::Settings settings;
  settings.gateway.client_interfaces = {"lan0"};
  return settings;
}

}  // namespace

TEST_CASE("names are printed as sysctl(8) does", "[sysctl]") {
  CHECK(kernel::dotted("net/ipv4/conf/eth0.5/forwarding") == "net.ipv4.conf.eth0/5.forwarding");
}

TEST_CASE("what this kernel has not is not asked for", "[sysctl]") {
  const FakeTree fake{{"net/ipv4/ip_forward", "0"}};
  CHECK(kernel::needed_sysctls(settings(), fake.tree()) == Sysctls{{"net/ipv4/ip_forward", "1"}});
}

TEST_CASE("the C flag follows the settings", "[sysctl]") {
  const FakeTree fake{{"net/mptcp/allow_join_initial_addr_port", "1"}};
  auto without = settings();
  without.mptcp.allow_join_initial_address = false;
  CHECK(kernel::needed_sysctls(without, fake.tree()).front().value == "0");
  CHECK(kernel::needed_sysctls(settings(), fake.tree()).front().value == "1");
}

TEST_CASE("what a container must be given is what differs, and said so that it can be copied", "[sysctl]") {
  const FakeTree fake{{"net/ipv4/ip_forward", "1"},
                      {"net/ipv6/conf/all/forwarding", "0"},
                      {"net/ipv6/conf/wan0/forwarding", "0"},
                      {"net/ipv6/conf/wan0/accept_ra", "1"},
                      {"net/mptcp/allow_join_initial_addr_port", "0"}};
  const auto missing = kernel::missing_sysctls(settings(), fake.tree());
  CHECK(missing == Sysctls{{"net/ipv6/conf/all/forwarding", "1"}, {"net/mptcp/allow_join_initial_addr_port", "1"}});
  CHECK(kernel::outside_remedy(missing) ==
        "start the container with --sysctl net.ipv6.conf.all.forwarding=1 --sysctl "
        "net.mptcp.allow_join_initial_addr_port=1 "
        "(in a compose file, sysctls: {net.ipv6.conf.all.forwarding: 1, net.mptcp.allow_join_initial_addr_port: 1})");
}

TEST_CASE("nothing is saved where nothing changes", "[sysctl]") {
  const FakeTree fake{{"net/ipv4/ip_forward", "1"}, {"net/ipv4/conf/wan0/forwarding", "1"}};
  CHECK(kernel::values_to_save({{"net/ipv4/ip_forward", "1"}}, fake.tree()).empty());
}

TEST_CASE("what turning forwarding off again would reset is saved behind it", "[sysctl]") {
  const FakeTree fake{{"net/ipv4/ip_forward", "0"},
                      {"net/ipv4/conf/all/forwarding", "0"},
                      {"net/ipv4/conf/all/accept_redirects", "0"},
                      {"net/ipv4/conf/wan0/forwarding", "1"},
                      {"net/ipv4/conf/lan0/forwarding", "0"},
                      {"net/ipv6/conf/all/forwarding", "1"},
                      {"net/mptcp/enabled", "0"}};
  const Sysctls needed{{"net/mptcp/enabled", "1"}, {"net/ipv4/ip_forward", "1"}, {"net/ipv6/conf/all/forwarding", "1"}};
  CHECK(kernel::values_to_save(needed, fake.tree()) == Sysctls{{"net/ipv4/ip_forward", "0"},
                                                               {"net/mptcp/enabled", "0"},
                                                               {"net/ipv4/conf/wan0/forwarding", "1"},
                                                               {"net/ipv4/conf/all/accept_redirects", "0"}});
}

TEST_CASE("router advertisements stay accepted, except from clients", "[sysctl]") {
  const FakeTree fake{{"net/ipv6/conf/all/forwarding", "0"},    {"net/ipv6/conf/default/forwarding", "0"},
                      {"net/ipv6/conf/default/accept_ra", "1"}, {"net/ipv6/conf/lan0/forwarding", "0"},
                      {"net/ipv6/conf/lan0/accept_ra", "1"},    {"net/ipv6/conf/wan0/forwarding", "0"},
                      {"net/ipv6/conf/wan0/accept_ra", "1"},    {"net/ipv6/conf/wan1/forwarding", "1"},
                      {"net/ipv6/conf/wan1/accept_ra", "1"},    {"net/ipv6/conf/wan2/forwarding", "0"},
                      {"net/ipv6/conf/wan2/accept_ra", "0"}};
  CHECK(kernel::needed_sysctls(settings(), fake.tree()) ==
        Sysctls{{"net/ipv6/conf/wan0/accept_ra", "2"}, {"net/ipv6/conf/all/forwarding", "1"}});
}

TEST_CASE("writing says why it failed", "[sysctl]") {
  const FakeTree fake{{"net/ipv4/ip_forward", "0"}};
  CHECK(fake.tree().write({"net/ipv4/ip_forward", "1"}).has_value());
  CHECK(fake.tree().read("net/ipv4/ip_forward") == "1");
  const auto failed = fake.tree().write({"net/absent/key", "1"});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error() == "cannot set net.absent.key to 1: No such file or directory");
}
