#include "proxy/net/poller.hpp"

#include <array>
#include <cerrno>

#include <sys/epoll.h>

#include <boost/asio/post.hpp>

namespace weir::net {
namespace {

constexpr std::size_t kEventsARound = 256;
// Rounds before control goes back to Asio's own events (timers, posts from the control thread).
constexpr int kRoundsATurn = 8;

}  // namespace

Awaitable<void> Waiter::wait() {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(
      [this](auto handler) {
        handler_.emplace(std::move(handler));
        if (std::exchange(news_, false)) wake();
      },
      use_awaitable);
}

void Waiter::wake() {
  poller_.enqueue(*this);
  poller_.schedule();
}

std::error_code Watch::open(Poller& poller, Descriptor socket) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET;
  event.data.ptr = this;
  if (epoll_ctl(poller.epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) return {errno, std::system_category()};
  socket_ = std::move(socket);
  return {};
}

Poller::Poller(boost::asio::io_context& context, std::function<void()> after_batch)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), epoll_readable_(context), after_batch_(std::move(after_batch)) {
  if (!epoll_.is_open()) throw std::system_error(errno, std::system_category(), "epoll_create1");
  epoll_readable_.assign(epoll_.get());
}

Poller::~Poller() { epoll_readable_.release(); }

void Poller::start() { arm(); }

void Poller::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  epoll_readable_.cancel(ignored);
}

void Poller::arm() {
  epoll_readable_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                             [this](const boost::system::error_code& error) {
                               if (error || stopped_) return;
                               turn();
                               arm();
                             });
}

void Poller::turn() {
  in_turn_ = true;
  for (int round = 0; round < kRoundsATurn; ++round) {
    const bool news = collect();
    resume_ready();
    after_batch_();
    if (!news && ready_.empty()) break;
  }
  in_turn_ = false;
  if (!ready_.empty()) schedule();
}

// Marks every watch that has news before any coroutine runs: a coroutine may end and take watches with it, and their
// events of this round must not be looked at after that.
bool Poller::collect() {
  std::array<epoll_event, kEventsARound>
      events;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the kernel
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    auto& watch = *static_cast<Watch*>(event.data.ptr);
    if (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) watch.readable = true;
    if (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) watch.writable = true;
    // A read stops at the urgent mark (tcp(7)), with more behind it.
    if (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) watch.read_to_end = true;
    if (event.events & EPOLLERR) watch.error = true;
    enqueue(watch.waiter_);
  }
  return count > 0;
}

void Poller::resume_ready() {
  Ready now;
  now.swap(ready_);  // what wakes itself again runs in the next round, after new events were seen
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

void Poller::schedule() {
  if (in_turn_ || turn_posted_ || stopped_ || ready_.empty()) return;
  turn_posted_ = true;
  boost::asio::post(epoll_readable_.get_executor(), [this] {
    turn_posted_ = false;
    turn();
  });
}

}  // namespace weir::net
