#include "proxy/session/line_log.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
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

// As many whole lines as a pipe takes at once (pipe(7)): several logs may go to one standard output. A longer line by
// itself is cut.
std::string_view next_part(std::string_view lines) {
  const auto part = lines.substr(0, PIPE_BUF);
  const auto end = part.rfind('\n');
  return end == std::string_view::npos ? part : part.substr(0, end + 1);
}

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

// Never blocks for good: a pipe that poll calls writable takes PIPE_BUF bytes.
void LineLog::write_out(const std::stop_token& stop, int fd, const std::string& lines) {
  std::size_t done = 0;
  int waits_left = kWaitsAtEnd;
  while (fd >= 0 && done < lines.size() && waits_left > 0) {
    pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, kWaitMilliseconds) == 0) {
      if (stop.stop_requested()) --waits_left;
      continue;
    }
    const auto part = next_part(std::string_view(lines).substr(done));
    const auto written = ::write(fd, part.data(), part.size());
    if (written > 0)
      done += static_cast<std::size_t>(written);
    else if (errno != EINTR && errno != EAGAIN)
      break;
  }
  lost_bytes_ += lines.size() - done;
}

}  // namespace weir::session
