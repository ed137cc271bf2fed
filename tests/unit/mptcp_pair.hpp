// A client and a server host, a network namespace each, one link between them with two addresses a side in each
// family: enough for subflows to join, without the lab. Needs root.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <linux/veth.h>
#include <netinet/in.h>
#include <poll.h>

#include "policy/address.hpp"
#include "proxy/kernel/mptcp_info.hpp"
#include "tests/unit/own_network.hpp"

namespace weir::test {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { reset(); }
  int get() const { return number_; }
  void reset() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

inline bool readable(int descriptor, int milliseconds = 5000) {
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, milliseconds) == 1;
}

// getsockname.
inline policy::Endpoint own_endpoint(const Descriptor& socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  if (storage.ss_family == AF_INET) {
    const auto in = std::bit_cast<std::array<std::uint8_t, sizeof storage>>(storage);
    return {policy::Address::v4(in[4], in[5], in[6], in[7]), static_cast<std::uint16_t>(in[2] << 8 | in[3])};
  }
  sockaddr_in6 in6{};
  std::memcpy(&in6, &storage, sizeof in6);
  return {policy::Address(std::bit_cast<policy::Address::Bytes>(in6.sin6_addr)), ntohs(in6.sin6_port)};
}

// For what the kernel tells of by no event: asks again until it is so, five seconds at most.
template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// The server has 10.9.0.1, 10.9.0.2, fd09::1 and fd09::2; the client .11, .12, ::11 and ::12.
class TwoHosts {
 public:
  static constexpr std::uint16_t kPort = 5001;
  static constexpr int kMptcp = 262;

  // The thread is on the server, except within `on_client`.
  TwoHosts() {
    ready_ = ready_ && client_ && server_ && add_link() && set_up_host("server", {1, 2});
    on_client([this] { ready_ = ready_ && set_up_host("client", {0x11, 0x12}); });
  }
  explicit operator bool() const { return ready_; }

  template <typename Work>
  void on_client(Work work) const {
    if (::setns(client_namespace_.get(), CLONE_NEWNET) != 0) abort();
    work();
    if (::setns(server_namespace_.get(), CLONE_NEWNET) != 0) abort();
  }

  // Dual-stack, as weir's listeners are.
  static Descriptor listen(int protocol = kMptcp) {
    Descriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, protocol));
    const auto any = address_of({{}, kPort});
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) return {};
    ::listen(socket.get(), 8);
    return socket;
  }

  static Descriptor listen_v4() {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, kMptcp));
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(kPort);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) return {};
    ::listen(socket.get(), 8);
    return socket;
  }

  // An address with colons takes an IPv6 socket, ::ffff:10.9.0.1 too.
  Descriptor connect(std::string_view address, int protocol = kMptcp) const {
    const auto to = *policy::Address::parse(address);
    Descriptor socket;
    const bool v6_socket = address.find(':') != std::string_view::npos;
    on_client([&] { socket = v6_socket ? connect_v6(to, protocol) : connect_v4(to, protocol); });
    return socket;
  }

  static Descriptor accept(const Descriptor& listener) {
    if (!readable(listener.get())) return {};
    return Descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  static int this_namespace() { return ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }

  static sockaddr_in6 address_of(const policy::Endpoint& endpoint) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    address.sin6_addr = std::bit_cast<in6_addr>(endpoint.address.bytes());
    return address;
  }

  static Descriptor connect_v6(const policy::Address& to, int protocol) {
    Descriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, protocol));
    const auto address = address_of({to, kPort});
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    return socket;
  }

  static Descriptor connect_v4(const policy::Address& to, int protocol) {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kPort);
    std::copy(to.v4_bytes().begin(), to.v4_bytes().end(), reinterpret_cast<std::uint8_t*>(&address.sin_addr));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    return socket;
  }

  // A veth pair: "server" here, "client" in the other namespace.
  bool add_link() const {
    auto socket = kernel::NetlinkSocket::open(NETLINK_ROUTE);
    kernel::NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    message.put<ifinfomsg>();
    message.put(IFLA_IFNAME, "server");
    auto* link = message.begin_nest(IFLA_LINKINFO);
    message.put(IFLA_INFO_KIND, "veth");
    auto* data = message.begin_nest(IFLA_INFO_DATA);
    auto* peer = message.begin_nest(VETH_INFO_PEER);
    message.put<ifinfomsg>();
    message.put(IFLA_IFNAME, "client");
    message.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(client_namespace_.get()));
    message.end_nest(peer);
    message.end_nest(data);
    message.end_nest(link);
    return socket && !socket->ask(message.header());
  }

  static bool set_up_host(const char* interface, const std::vector<std::uint8_t>& last_bytes) {
    bool done = OwnNetwork::set_up("lo") && OwnNetwork::set_up(interface);
    for (const auto last : last_bytes) {
      policy::Address::Bytes v6{0xfd, 0x09};
      v6[15] = last;
      const auto v4 = policy::Address::v4(10, 9, 0, last);
      done = done && add_address(interface, AF_INET, v4.v4_bytes()) && add_address(interface, AF_INET6, v6);
    }
    return done;
  }

  static bool add_address(const char* interface, int family, std::span<const std::uint8_t> bytes) {
    auto socket = kernel::NetlinkSocket::open(NETLINK_ROUTE);
    kernel::NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    auto& head = message.put<ifaddrmsg>();
    head.ifa_family = static_cast<std::uint8_t>(family);
    head.ifa_prefixlen = family == AF_INET ? 24 : 64;
    head.ifa_flags = IFA_F_NODAD;  // usable at once
    head.ifa_index = if_nametoindex(interface);
    message.put(IFA_LOCAL, bytes.data(), bytes.size());
    message.put(IFA_ADDRESS, bytes.data(), bytes.size());
    return socket && !socket->ask(message.header());
  }

  OwnNetwork client_;  // made first, left last
  Descriptor client_namespace_{this_namespace()};
  OwnNetwork server_;
  Descriptor server_namespace_{this_namespace()};
  bool ready_ = true;
};

}  // namespace weir::test
