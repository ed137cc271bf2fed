// A network namespace of the test's own, for the thread, as long as the object lives. Needs root.
#pragma once

#include <string>

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/kernel/netlink_message.hpp"
#include "proxy/kernel/netlink_socket.hpp"

namespace weir::test {

class OwnNetwork {
 public:
  static bool possible() { return geteuid() == 0; }

  OwnNetwork() : before_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    made_ = before_ >= 0 && unshare(CLONE_NEWNET) == 0;
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  ~OwnNetwork() {
    if (made_ && setns(before_, CLONE_NEWNET) != 0) abort();  // the next test must not run in here
    close(before_);
  }
  explicit operator bool() const { return made_; }

  static bool set_up(const char* interface) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::string(interface).copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    const bool done = ioctl(socket, SIOCSIFFLAGS, &request) == 0;
    close(socket);
    return done;
  }

  // A veth pair, `name` and `name`-peer, both up.
  static bool add_interface(const char* name) {
    auto socket = kernel::NetlinkSocket::open(NETLINK_ROUTE);
    kernel::NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    message.put<ifinfomsg>();
    message.put(IFLA_IFNAME, name);
    auto* link = mnl_attr_nest_start(&message.header(), IFLA_LINKINFO);
    message.put(IFLA_INFO_KIND, "veth");
    mnl_attr_nest_end(&message.header(), link);
    return socket && !socket->ask(message.header()) && set_up(name);
  }

  static bool add_loopback_address(std::uint32_t network_order) {
    auto socket = kernel::NetlinkSocket::open(NETLINK_ROUTE);
    kernel::NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    auto& head = message.put<ifaddrmsg>();
    head.ifa_family = AF_INET;
    head.ifa_prefixlen = 32;
    head.ifa_index = 1;
    message.put(IFA_LOCAL, network_order);
    return socket && !socket->ask(message.header());
  }

 private:
  int before_;
  bool made_ = false;
};

}  // namespace weir::test

// The test ends here, passed, where it cannot have a network namespace.
#define WEIR_NEEDS_ROOT()                                 \
  if (!weir::test::OwnNetwork::possible()) {              \
    WARN("skipped: needs root, for a network namespace"); \
    return;                                               \
  }
