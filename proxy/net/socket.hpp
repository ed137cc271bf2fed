// Descriptors owned, and the few ways weir opens sockets: transparent listeners and transparent upstream dials.
// Errors are std::error_code of the system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <sys/socket.h>

#include <boost/system/result.hpp>

#include "policy/address.hpp"

namespace weir::net {

template <typename T>
using Result = boost::system::result<T, std::error_code>;

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

// A socket address of either family and what the system calls want of it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  SocketAddress() = default;
  explicit SocketAddress(const policy::Endpoint&);  // AF_INET for an IPv4 address
  static SocketAddress dual_stack_any(std::uint16_t port);
  policy::Endpoint endpoint() const;
  int family() const { return storage.ss_family; }
  sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

enum class ListenAs { mptcp, tcp };

// A transparent dual-stack listener on every address, one of several on the same port (SO_REUSEPORT). MPTCP clients
// are accepted as MPTCP, others as plain TCP, where `as` is mptcp.
Result<Descriptor> listen_transparent(std::uint16_t port, ListenAs as);

// Where an accepted, intercepted connection was going: its own local address (TPROXY).
Result<policy::Endpoint> local_endpoint(int socket);

struct Dial {
  policy::Endpoint to;
  std::optional<policy::Address> from;  // transparent: an address that need not be this host's
  std::uint32_t mark = 0;               // SO_MARK
};
// A plain TCP socket with its connect begun; writable when it ended, `connect_result` says how. A connect that fails at
// once (no route) is the error.
Result<Descriptor> begin_connect(const Dial&);
std::error_code connect_result(int socket);

// An urgent byte (RFC 6093) stays where it is in the stream. Plain TCP only: MPTCP has no urgent data, and refuses.
void keep_urgent_inline(int socket);
// close() will send a reset instead of FIN; on an MPTCP socket MP_FASTCLOSE (RFC 8684 3.5).
void reset_on_close(int socket);
// Bytes written but not yet acknowledged by the peer.
std::size_t unacknowledged(int socket);

}  // namespace weir::net
