#include "proxy/session/instance_lock.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>

#include <sys/un.h>

#include "proxy/kernel/socket_owner.hpp"

namespace weir::session {
namespace {

struct AbstractName {
  sockaddr_un address{};
  socklen_t length = 0;
};

AbstractName instance_name() {
  AbstractName name;
  name.address.sun_family = AF_UNIX;
  // The leading NUL makes the name abstract (unix(7)).
  std::ranges::copy(kInstanceName, kInstanceName + sizeof kInstanceName - 1, name.address.sun_path + 1);
  name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + sizeof kInstanceName);
  return name;
}

std::string holder() {
  const auto other = kernel::other_instance();
  return other && other->process ? " (process " + std::to_string(other->process->id) + ")" : "";
}

}  // namespace

boost::system::result<InstanceLock, std::string> InstanceLock::take() {
  net::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto name = instance_name();
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&name.address), name.length) == 0 &&
      listen(socket.get(), 1) == 0)
    return InstanceLock(std::move(socket));
  if (errno == EADDRINUSE)
    return "another weir" + holder() + " runs in this network namespace; stop it first, or see `weir status`";
  return "cannot take the instance lock: " + std::error_code(errno, std::system_category()).message();
}

}  // namespace weir::session
