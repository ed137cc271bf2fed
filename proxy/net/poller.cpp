#include "proxy/net/poller.hpp"

#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace weir::net {
namespace {

constexpr std::size_t kEventsATurn = 256;

}  // namespace

Awaitable<void> Waiter::wait() {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(
      [this](auto handler) {
        handler_.emplace(std::move(handler));
        if (std::exchange(news_, false)) wake();
      },
      use_awaitable);
}

void Waiter::wake() { poller_.enqueue(*this); }

std::error_code Watch::open(Poller& poller, Descriptor socket) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET;
  event.data.ptr = this;
  if (epoll_ctl(poller.epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) return {errno, std::system_category()};
  socket_ = std::move(socket);
  readable = true;
  read_to_end = error = false;
  return {};
}

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)), interrupt_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (!epoll_.is_open() || !interrupt_.is_open() ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, interrupt_.get(), &event) != 0)
    throw std::system_error(errno, std::system_category(), "epoll set");
}

void Poller::interrupt() {
  // Each write is a new edge. The counter has room for more writes than there will ever be.
  eventfd_write(interrupt_.get(), 1);
}

void Poller::turn(std::chrono::milliseconds limit) {
  collect(ready_.empty() ? static_cast<int>(limit.count()) : 0);
  resume_ready();
}

// Marks every watch that has news before any coroutine runs: a coroutine may end and take watches with it, and their
// events of this turn must not be looked at after that.
void Poller::collect(int timeout) {
  std::array<epoll_event, kEventsATurn> events;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the kernel
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) continue;  // an interrupt
    auto& watch = *static_cast<Watch*>(event.data.ptr);
    if (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) watch.readable = true;
    if (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) watch.writable = true;
    // A read stops at the urgent mark (tcp(7)), with more behind it.
    if (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) watch.read_to_end = true;
    if (event.events & EPOLLERR) watch.error = true;
    enqueue(watch.waiter_);
  }
}

void Poller::resume_ready() {
  Ready now;
  now.swap(ready_);  // what wakes itself again runs in the next turn, after new events were seen
  while (!now.empty()) {
    auto& waiter = now.front();
    now.pop_front();
    auto handler = std::move(*waiter.handler_);
    waiter.handler_.reset();
    std::move(handler)();
  }
}

void Poller::enqueue(Waiter& waiter) {
  if (!waiter.handler_)
    waiter.news_ = true;
  else if (!waiter.is_linked())
    ready_.push_back(waiter);
}

}  // namespace weir::net
