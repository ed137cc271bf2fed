// A connected TCP pair on loopback: what the relay sees of one side, without the lab.
#pragma once

#include <cstring>
#include <string>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/net/socket.hpp"

namespace weir::test {

struct TcpPair {
  net::Descriptor ours;   // non-blocking: the proxy's end
  net::Descriptor peers;  // blocking: the client's or the origin's
};

inline TcpPair tcp_pair() {
  const net::Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  net::SocketAddress address(policy::Endpoint{policy::Address::v4(127, 0, 0, 1), 0});
  ::bind(listener.get(), address.data(), address.length);
  ::listen(listener.get(), 1);
  ::getsockname(listener.get(), address.data(), &address.length);
  net::Descriptor peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::connect(peer.get(), address.data(), address.length);
  net::Descriptor ours(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const int on = 1;
  ::setsockopt(ours.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);  // as weir's own sockets have it
  const timeval limit{.tv_sec = 20, .tv_usec = 0};                     // a test that fails must also end
  ::setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return {std::move(ours), std::move(peer)};
}

inline void send_all(const net::Descriptor& socket, const std::string& text) {
  ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

inline std::string receive_exactly(const net::Descriptor& socket, std::size_t size) {
  std::string text(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const auto got = ::recv(socket.get(), text.data() + done, size - done, 0);
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return text;
}

inline void reset(net::Descriptor& socket) {
  net::reset_on_close(socket.get());
  socket.close();
}

}  // namespace weir::test
