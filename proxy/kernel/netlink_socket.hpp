// A netlink socket and one request at a time over it: what routes, addresses and the ruleset watch share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>

#include <boost/system/result.hpp>

struct mnl_socket;
struct nlmsghdr;

namespace weir::kernel {

class NetlinkSocket {
 public:
  // `bus` is NETLINK_ROUTE, NETLINK_NETFILTER, …; closed on exec.
  static boost::system::result<NetlinkSocket, std::error_code> open(int bus);

  int descriptor() const;
  std::error_code join(unsigned group);  // RTNLGRP_…, NFNLGRP_…

  // Sends the request and hands each answer to `take`, until the kernel's acknowledgement or the end of the dump.
  // The error is the kernel's own.
  std::error_code ask(nlmsghdr& request, const std::function<void(const nlmsghdr&)>& take = {});

  // What was multicast and is there now; never blocks. ENOBUFS: the kernel dropped messages.
  std::error_code drain(const std::function<void(const nlmsghdr&)>& take);

 private:
  struct Close {
    void operator()(mnl_socket*) const;
  };
  explicit NetlinkSocket(mnl_socket* socket) : socket_(socket) {}
  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace weir::kernel
