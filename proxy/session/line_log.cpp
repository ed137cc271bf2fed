#include "proxy/session/line_log.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <climits>
#include <spdlog/spdlog.h>

namespace weir::session {
namespace {

constexpr std::size_t kMostPending = 16 * 1024 * 1024;
constexpr mode_t kLogMode = 0640;
constexpr int kWaitMilliseconds = 200;
constexpr std::chrono::minutes kTellsEvery{1};
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
void LineLog::write_out(const std::stop_token& stop, int fd, std::string_view lines) {
  int error = fd < 0 ? EBADF : 0;
  std::string ended;
  if (cut_) lines = ended.append("\n").append(lines);  // so that what was cut spoils no other line
  int waits_left = kWaitsAtEnd;
  while (error == 0 && !lines.empty() && waits_left > 0) {
    pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, kWaitMilliseconds) == 0) {
      if (stop.stop_requested()) --waits_left;
      continue;
    }
    const auto part = next_part(lines);
    const auto written = ::write(fd, part.data(), part.size());
    if (written > 0) {
      cut_ = part[static_cast<std::size_t>(written) - 1] != '\n';
      lines.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      error = errno;
    }
  }
  if (!lines.empty() && enabled()) lose(lines, error);
}

void LineLog::lose(std::string_view lines, int error) {
  if (lines.front() == '\n') lines.remove_prefix(1);  // it ended what was cut
  lost_ += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
  const auto now = std::chrono::steady_clock::now();
  if (told_ && now - *told_ < kTellsEvery) return;
  told_ = now;
  spdlog::warn("records cannot be written, and are lost: {}",
               error == 0 ? "nobody reads them" : std::error_code(error, std::system_category()).message());
}

}  // namespace weir::session
