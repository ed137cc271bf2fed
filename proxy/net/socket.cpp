#include "proxy/net/socket.hpp"

#include <cerrno>
#include <cstring>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

namespace weir::net {
namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn

std::error_code last_error() { return {errno, std::system_category()}; }

std::error_code enable(int socket, int level, int option) {
  const int on = 1;
  if (setsockopt(socket, level, option, &on, sizeof on) != 0) return last_error();
  return {};
}

std::error_code prepare_listener(int socket, std::uint16_t port) {
  const int off = 0;
  if (setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) return last_error();
  // Both levels: a dual-stack socket serves both families (kernel-facts 3). Accepted sockets inherit TCP_NODELAY, so
  // that a relayed message never waits for an acknowledgement.
  for (const auto& [level, option] :
       {std::pair{SOL_SOCKET, SO_REUSEADDR}, std::pair{SOL_SOCKET, SO_REUSEPORT},
        std::pair{int{IPPROTO_IP}, IP_TRANSPARENT}, std::pair{int{IPPROTO_IPV6}, IPV6_TRANSPARENT},
        std::pair{int{IPPROTO_TCP}, TCP_NODELAY}})
    if (const auto error = enable(socket, level, option)) return error;
  const auto any = SocketAddress::dual_stack_any(port);
  if (bind(socket, any.data(), any.length) != 0) return last_error();
  if (listen(socket, kBacklog) != 0) return last_error();
  return {};
}

std::error_code bind_transparent(int socket, const policy::Address& from) {
  const bool v4 = from.is_v4();
  if (const auto error = enable(socket, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT))
    return error;
  // The port is chosen at connect, per destination: 28,000 flows to each, not 28,000 in all.
  if (const auto error = enable(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT)) return error;
  const SocketAddress address(policy::Endpoint{from, 0});
  if (bind(socket, address.data(), address.length) != 0) return last_error();
  return {};
}

}  // namespace

Descriptor::~Descriptor() { close(); }

void Descriptor::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

SocketAddress::SocketAddress(const policy::Endpoint& endpoint) {
  if (endpoint.address.is_v4()) {
    auto* in = reinterpret_cast<sockaddr_in*>(&storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(endpoint.port);
    std::memcpy(&in->sin_addr, endpoint.address.v4_bytes().data(), sizeof in->sin_addr);
    length = sizeof(sockaddr_in);
  } else {
    auto* in = reinterpret_cast<sockaddr_in6*>(&storage);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(endpoint.port);
    std::memcpy(&in->sin6_addr, endpoint.address.bytes().data(), sizeof in->sin6_addr);
    length = sizeof(sockaddr_in6);
  }
}

SocketAddress SocketAddress::dual_stack_any(std::uint16_t port) { return SocketAddress({policy::Address{}, port}); }

policy::Endpoint SocketAddress::endpoint() const {
  if (storage.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&storage);
    std::array<std::uint8_t, 4> b{};
    std::memcpy(b.data(), &in->sin_addr, b.size());
    return {policy::Address::v4(b[0], b[1], b[2], b[3]), ntohs(in->sin_port)};
  }
  const auto* in = reinterpret_cast<const sockaddr_in6*>(&storage);
  policy::Address::Bytes bytes{};
  std::memcpy(bytes.data(), &in->sin6_addr, bytes.size());
  return {policy::Address(bytes), ntohs(in->sin6_port)};
}

Result<Descriptor> listen_transparent(std::uint16_t port, ListenAs as) {
  Descriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                             as == ListenAs::mptcp ? IPPROTO_MPTCP : IPPROTO_TCP));
  if (!socket.is_open()) return last_error();
  if (const auto error = prepare_listener(socket.get(), port)) return error;
  return socket;
}

Result<policy::Endpoint> local_endpoint(int socket) {
  SocketAddress address;
  if (getsockname(socket, address.data(), &address.length) != 0) return last_error();
  return address.endpoint();
}

Result<Descriptor> begin_connect(const Dial& dial) {
  const SocketAddress to(dial.to);
  Descriptor socket(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.is_open()) return last_error();
  if (setsockopt(socket.get(), SOL_SOCKET, SO_MARK, &dial.mark, sizeof dial.mark) != 0) return last_error();
  if (const auto error = enable(socket.get(), IPPROTO_TCP, TCP_NODELAY)) return error;
  keep_urgent_inline(socket.get());
  if (dial.from)
    if (const auto error = bind_transparent(socket.get(), *dial.from)) return error;
  if (connect(socket.get(), to.data(), to.length) != 0 && errno != EINPROGRESS) return last_error();
  return socket;
}

std::error_code connect_result(int socket) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return last_error();
  return {error, std::system_category()};
}

void keep_urgent_inline(int socket) {
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
}

void reset_on_close(int socket) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  // Fails only on what is no socket any more; then there is nobody to reset.
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

std::size_t unacknowledged(int socket) {
  int bytes = 0;
  return ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace weir::net
