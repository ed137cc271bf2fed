#include "proxy/kernel/netlink_socket.hpp"

#include <cerrno>
#include <cstdlib>
#include <vector>

#include <linux/netlink.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

namespace weir::kernel {
namespace {

std::error_code last_error() { return {errno, std::system_category()}; }

// An answer does not pass 8 KiB unless the reader offers more (NLMSG_GOODSIZE); dumps grow to 32 KiB.
constexpr std::size_t kBufferSize = 32768;

// The error an NLMSG_ERROR message carries; none where it is an acknowledgement.
std::error_code error_of(const nlmsghdr& message) {
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(&message));
  return {std::abs(error->error), std::system_category()};
}

enum class Walk { more, done };

// Hands over the messages of one datagram.
Walk walk(const std::vector<char>& buffer, std::size_t size, std::uint32_t sequence,
          const std::function<void(const nlmsghdr&)>& take, std::error_code& error) {
  int left = static_cast<int>(size);
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    if (sequence != 0 && message->nlmsg_seq != sequence) continue;
    if (message->nlmsg_type == NLMSG_DONE) return Walk::done;
    if (message->nlmsg_type == NLMSG_ERROR) {
      error = error_of(*message);
      return Walk::done;
    }
    if (take && message->nlmsg_type >= NLMSG_MIN_TYPE) take(*message);
  }
  return Walk::more;
}

}  // namespace

boost::system::result<NetlinkSocket, std::error_code> NetlinkSocket::open(int bus) {
  auto* socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
  if (socket == nullptr) return last_error();
  NetlinkSocket opened(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0) return last_error();
  return opened;
}

int NetlinkSocket::descriptor() const { return mnl_socket_get_fd(socket_.get()); }

std::error_code NetlinkSocket::join(unsigned group) {
  if (mnl_socket_setsockopt(socket_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) return last_error();
  return {};
}

std::error_code NetlinkSocket::ask(nlmsghdr& request, const std::function<void(const nlmsghdr&)>& take) {
  request.nlmsg_seq = ++sequence_;
  request.nlmsg_flags = static_cast<std::uint16_t>(request.nlmsg_flags | NLM_F_REQUEST);
  const bool dump = (request.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  if (!dump) request.nlmsg_flags = static_cast<std::uint16_t>(request.nlmsg_flags | NLM_F_ACK);
  if (mnl_socket_sendto(socket_.get(), &request, request.nlmsg_len) < 0) return last_error();
  std::vector<char> buffer(kBufferSize);
  std::error_code error;
  for (;;) {
    const auto size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (size < 0) return last_error();
    if (walk(buffer, static_cast<std::size_t>(size), sequence_, take, error) == Walk::done) return error;
  }
}

std::error_code NetlinkSocket::drain(const std::function<void(const nlmsghdr&)>& take) {
  std::vector<char> buffer(kBufferSize);
  for (;;) {
    const auto size = recv(descriptor(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN ? std::error_code{} : last_error();
    std::error_code ignored;
    walk(buffer, static_cast<std::size_t>(size), 0, take, ignored);
  }
}

void NetlinkSocket::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

}  // namespace weir::kernel
