#include "proxy/session/line_log.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <climits>

namespace weir::session {
namespace {

constexpr std::size_t kMostPending = 16 * 1024 * 1024;
constexpr mode_t kLogMode = 0640;
constexpr int kWaitMilliseconds = 200;
constexpr int kWaitsAtEnd = 5;  // a reader that stopped does not keep weir from ending

}  // namespace

LineLog::~LineLog() {
  writer_.request_stop();
  news_.notify_all();
}

std::error_code LineLog::open(const std::string& place) {
  net::Descriptor file;
  if (place != "off" && place != "stdout") {
    file = net::Descriptor(::open(place.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kLogMode));
    if (!file.is_open()) return {errno, std::system_category()};
  }
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  fd_ = place == "stdout" ? STDOUT_FILENO : file_.get();
  enabled_ = fd_ >= 0;
  if (enabled_ && !writer_.joinable()) writer_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return {};
}

bool LineLog::write(std::string&& lines) {
  {
    const std::lock_guard lock(mutex_);
    if (pending_.size() + lines.size() > kMostPending) return false;
    if (pending_.empty())
      pending_ = std::move(lines);
    else
      pending_ += lines;
  }
  news_.notify_one();
  return true;
}

void LineLog::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    news_.wait(lock, stop, [this] { return !pending_.empty(); });
    if (pending_.empty()) return;  // asked to stop, and all is written
    const auto lines = std::exchange(pending_, {});
    // The file may be swapped by a reload meanwhile: write to a duplicate.
    const net::Descriptor file(fd_ >= 0 ? fcntl(fd_, F_DUPFD_CLOEXEC, 0) : -1);
    lock.unlock();
    write_out(stop, file.get(), lines);
    lock.lock();
  }
}

// Never blocks for good: a pipe that poll calls writable takes PIPE_BUF bytes (pipe(7)).
void LineLog::write_out(const std::stop_token& stop, int fd, const std::string& lines) {
  std::size_t done = 0;
  int waits_left = kWaitsAtEnd;
  while (fd >= 0 && done < lines.size() && waits_left > 0) {
    pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, kWaitMilliseconds) == 0) {
      if (stop.stop_requested()) --waits_left;
      continue;
    }
    const auto written = ::write(fd, lines.data() + done, std::min<std::size_t>(lines.size() - done, PIPE_BUF));
    if (written > 0)
      done += static_cast<std::size_t>(written);
    else if (errno != EINTR && errno != EAGAIN)
      break;
  }
  lost_bytes_ += lines.size() - done;
}

}  // namespace weir::session
