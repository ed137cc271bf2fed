#include "proxy/names/channel.hpp"

#include <array>
#include <chrono>

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace weir::names {
namespace {

using boost::asio::posix::stream_descriptor;

constexpr int kReading = 0;
constexpr int kWriting = 1;
constexpr std::array kWaits{stream_descriptor::wait_read, stream_descriptor::wait_write};

int set_mark(ares_socket_t socket, int /*type*/, void* mark) {
  return setsockopt(socket, SOL_SOCKET, SO_MARK, mark, sizeof(std::uint32_t));
}

std::string comma_separated(const std::vector<policy::Endpoint>& servers) {
  std::string all;
  for (const auto& server : servers) all += (all.empty() ? "" : ",") + server.text();
  return all;
}

}  // namespace

// c-ares's own socket, as Asio sees it.
struct Channel::Socket {
  Socket(boost::asio::io_context& context, ares_socket_t socket) : fd(socket), descriptor(context) {
    boost::system::error_code error;
    descriptor.assign(socket, error);  // where it fails nothing is heard, and c-ares's time-out ends the query
  }
  ~Socket() {
    if (descriptor.is_open()) descriptor.release();  // c-ares closes it
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  const ares_socket_t fd;
  stream_descriptor descriptor;
  std::array<bool, 2> wanted{};
  std::array<bool, 2> armed{};
};

Channel::Channel(boost::asio::io_context& context, std::uint32_t mark)
    : context_(context), mark_(mark), timer_(context) {}

Channel::~Channel() = default;

boost::system::result<std::shared_ptr<Channel>, std::string> Channel::open(boost::asio::io_context& context,
                                                                           const ResolverOptions& options) {
  auto channel = std::make_shared<Channel>(context, options.mark);
  if (const auto status = channel->start(options); status != ARES_SUCCESS)
    return std::string("names cannot be resolved: c-ares does not start: ") + ares_strerror(status);
  return channel;
}

int Channel::start(const ResolverOptions& options) {
  ares_options wishes{};
  int mask = ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
  wishes.sock_state_cb = on_socket_state;
  wishes.sock_state_cb_data = this;
  wishes.timeout = static_cast<int>(options.timeout.count());
  wishes.tries = options.tries;
#ifdef ARES_OPT_UDP_MAX_QUERIES  // 1.20: a port of its own for each question, harder to guess (RFC 5452, 9.2)
  wishes.udp_max_queries = 1;
  mask |= ARES_OPT_UDP_MAX_QUERIES;
#endif
#ifdef ARES_OPT_QUERY_CACHE  // 1.31 keeps answers unless told not to; when to ask again is for the caller to say
  wishes.qcache_max_ttl = 0;
  mask |= ARES_OPT_QUERY_CACHE;
#endif
  if (library_.status != ARES_SUCCESS) return library_.status;
  ares_channel channel = nullptr;
  if (const auto status = ares_init_options(&channel, &wishes, mask); status != ARES_SUCCESS) return status;
  ares_.reset(channel);
  if (mark_ != 0) ares_set_socket_configure_callback(channel, set_mark, const_cast<std::uint32_t*>(&mark_));
  if (options.servers.empty()) return ARES_SUCCESS;
  return ares_set_servers_ports_csv(channel, comma_separated(options.servers).c_str());
}

void Channel::ask(const std::string& name, int record_type, Reply reply) {
  constexpr int kIn = 1;
  const auto on_answer = [](void* argument, int status, int /*timeouts*/, unsigned char* message, int size) {
    const std::unique_ptr<Reply> owned(static_cast<Reply*>(argument));
    if (status == ARES_EDESTRUCTION) return;
    (*owned)(status, status == ARES_SUCCESS ? std::span<const std::uint8_t>(message, static_cast<std::size_t>(size))
                                            : std::span<const std::uint8_t>());
  };
  auto owned = std::make_unique<Reply>(std::move(reply));  // c-ares calls back exactly once, if only to say it ends
  ares_query(ares_.get(), name.c_str(), kIn, record_type, on_answer, owned.release());
  arm_timer();
}

void Channel::on_socket_state(void* self, ares_socket_t fd, int readable, int writable) {
  static_cast<Channel*>(self)->watch(fd, readable != 0, writable != 0);
}

// Neither readable nor writable: c-ares is about to close it.
void Channel::watch(ares_socket_t fd, bool readable, bool writable) {
  auto& socket = sockets_[fd];
  if (!socket) socket = std::make_shared<Socket>(context_, fd);
  socket->wanted = {readable, writable};
  if (readable || writable) return arm(socket);
  if (socket->descriptor.is_open()) socket->descriptor.release();  // now: a handler on the stack may hold the socket
  sockets_.erase(fd);
}

void Channel::arm(const std::shared_ptr<Socket>& socket) {
  arm(socket, kReading);
  arm(socket, kWriting);
}

void Channel::arm(const std::shared_ptr<Socket>& socket, int direction) {
  const auto index = static_cast<std::size_t>(direction);
  if (!socket->wanted[index] || socket->armed[index] || !socket->descriptor.is_open()) return;
  socket->armed[index] = true;
  // Only the channel keeps sockets, so while there is one there is the channel.
  const auto on_ready = [this, index, weak = std::weak_ptr(socket)](const boost::system::error_code& error) {
    const auto ready = weak.lock();
    if (error || !ready) return;
    ready->armed[index] = false;
    if (!ready->wanted[index]) return;
    process(index == kReading ? ready->fd : ARES_SOCKET_BAD, index == kWriting ? ready->fd : ARES_SOCKET_BAD);
    arm(ready);
  };
  socket->descriptor.async_wait(kWaits[index], on_ready);
}

void Channel::process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(ares_.get(), readable, writable);
  arm_timer();
}

void Channel::arm_timer() {
  timeval left{};
  if (ares_timeout(ares_.get(), nullptr, &left) == nullptr) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto channel = weak.lock();
    if (!error && channel) channel->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  });
}

}  // namespace weir::names
