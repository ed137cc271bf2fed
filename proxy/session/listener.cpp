#include "proxy/session/listener.hpp"

#include <cerrno>

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "proxy/session/session.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {
namespace {

constexpr int kAcceptsATurn = 64;  // then the flows that are there have their turn

}  // namespace

Listener::Listener(Worker& worker, std::uint16_t port)
    : worker_(worker), waiter_(worker.poller()), watch_(waiter_), port_(port) {}

std::error_code Listener::open(net::Descriptor socket) {
  if (const auto error = watch_.open(worker_.poller(), std::move(socket))) return error;
  boost::asio::co_spawn(worker_.context(), run(), boost::asio::detached);
  return {};
}

void Listener::close() {
  closing_ = true;
  waiter_.wake();
}

void Listener::resume() {
  if (!std::exchange(paused_, false)) return;
  watch_.readable = true;
  waiter_.wake();
}

net::Awaitable<void> Listener::run() {
  while (!closing_) {
    accept_some();
    co_await waiter_.wait();
  }
  while (!paused_ && watch_.readable) accept_some();
  watch_.close();
  ended_ = true;
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsATurn; ++i)
    if (!accept_one()) return;
  waiter_.wake();
}

// False where there is nothing more to accept now.
bool Listener::accept_one() {
  if (paused_ || !watch_.readable) return false;
  auto place = worker_.admission_.enter();
  if (!place) {
    pause();
    return false;
  }
  net::SocketAddress peer;
  net::Descriptor socket(accept4(watch_.fd(), peer.data(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) {
    boost::asio::co_spawn(
        worker_.context(),
        run_flow(worker_, std::move(*place), std::move(socket), flow::ClientEndpoint{peer.endpoint()}),
        boost::asio::detached);
    return true;
  }
  switch (errno) {
    case EAGAIN: watch_.readable = false; return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: pause(); return false;
    default: return true;  // that connection failed before it was accepted (accept(2)): the next
  }
}

void Listener::pause() {
  paused_ = true;
  worker_.counters_.accept_paused.add();
  worker_.keep_ticking();
}

}  // namespace weir::session
