// Readiness of a worker's flow sockets, for coroutines; and the worker's loop.
//
// Asio's own reactor re-arms a descriptor with epoll_ctl at every wait. A relayed request waits twice, and those system
// calls are a measurable share of what it costs. So flow sockets live in an epoll set of the worker's own, registered
// once, edge-triggered: an event costs epoll_wait, recv and send, no more. Asio runs the coroutines and takes what
// other threads post.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <system_error>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/intrusive/list.hpp>

#include "proxy/net/socket.hpp"

namespace weir::net {

using Executor = boost::asio::io_context::executor_type;
template <typename T>
using Awaitable = boost::asio::awaitable<T, Executor>;
inline constexpr boost::asio::use_awaitable_t<Executor> use_awaitable;

class Poller;

// One waiting coroutine: it sleeps in `wait` until one of its watches has news or somebody calls `wake`. News that
// comes while it runs is kept, so `wait` then returns at once.
class Waiter : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  explicit Waiter(Poller& poller) : poller_(poller) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Awaitable<void> wait();
  // From the poller's own thread only. The coroutine runs later, from the poller's loop.
  void wake();

 private:
  friend class Poller;
  using Handler = boost::asio::async_result<boost::asio::use_awaitable_t<Executor>, void()>::handler_type;

  Poller& poller_;
  std::optional<Handler> handler_;  // set while it sleeps
  bool news_ = false;               // came while it did not
};

// A socket under watch and what is known of its readiness. Edge-triggered: whoever meets EAGAIN clears the flag.
class Watch {
 public:
  explicit Watch(Waiter& waiter) : waiter_(waiter) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Takes the descriptor; closing it ends the watch.
  std::error_code open(Poller&, Descriptor);
  void close() { socket_.close(); }
  int fd() const { return socket_.get(); }
  bool is_open() const { return socket_.is_open(); }

  bool readable = true;
  bool writable = true;
  bool read_to_end = false;  // a short read is not the last: the peer's end or an urgent mark comes after it
  bool error = false;        // the kernel holds an error for the socket

 private:
  friend class Poller;
  Descriptor socket_;
  Waiter& waiter_;
};

class Poller {
 public:
  // Throws std::system_error where no epoll set can be had.
  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Waits for news until `limit` has passed (negative: for ever), then lets the coroutines run that it concerns.
  void turn(std::chrono::milliseconds limit);
  // From any thread: ends the wait of the turn that is on, or of the next.
  void interrupt();

 private:
  friend class Waiter;
  friend class Watch;
  using Ready = boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>>;

  void collect(int timeout);
  void resume_ready();
  void enqueue(Waiter&);

  Descriptor epoll_;
  Descriptor interrupt_;  // an eventfd, edge-triggered: never read
  Ready ready_;           // asleep, and to be woken
};

}  // namespace weir::net
