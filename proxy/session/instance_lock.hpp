// One weir a network namespace: an abstract unix socket, which the kernel frees with the process, however it ends.
// Two would share each other's ports (SO_REUSEPORT) and undo each other's rules.
#pragma once

#include <string>

#include <boost/system/result.hpp>

#include "proxy/net/socket.hpp"

namespace weir::session {

inline constexpr char kInstanceName[] = "weir-gateway";  // abstract: @weir-gateway

class InstanceLock {
 public:
  static boost::system::result<InstanceLock, std::string> take();

 private:
  explicit InstanceLock(net::Descriptor socket) : socket_(std::move(socket)) {}
  net::Descriptor socket_;
};

}  // namespace weir::session
