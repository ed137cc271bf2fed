// Lines of JSON to a file or standard output, written by a thread of its own: a full disk or a reader that stopped
// reading never holds up a worker. What does not fit is dropped and counted.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "proxy/net/socket.hpp"

namespace weir::session {

class LineLog {
 public:
  LineLog() = default;
  ~LineLog();
  LineLog(const LineLog&) = delete;
  LineLog& operator=(const LineLog&) = delete;

  // "stdout", "off" or a path, which is opened for appending. Called again at reload: a rotated file is made anew.
  std::error_code open(const std::string& place);
  bool enabled() const { return enabled_.load(std::memory_order_relaxed); }

  // Whole lines, each with its newline. From any thread; takes a lock, so batch. False where they were dropped.
  bool write(std::string&& lines);
  // Lines that were accepted and could not be written (a full disk), as is logged once a minute.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  void run(const std::stop_token&);
  void write_out(const std::stop_token&, int fd, std::string_view lines);
  void lose(std::string_view lines, int error);

  std::mutex mutex_;
  std::condition_variable_any news_;
  std::string pending_;
  net::Descriptor file_;
  int fd_ = -1;
  std::atomic<bool> enabled_{false};
  std::atomic<std::uint64_t> lost_{0};
  bool cut_ = false;                                           // what was written last ends within a line; the writer's
  std::optional<std::chrono::steady_clock::time_point> told_;  // of a loss, last; the writer's
  std::jthread writer_;
};

}  // namespace weir::session
