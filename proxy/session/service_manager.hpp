// What weir tells who started it (sd_notify(3)): systemd, or whoever else listens at $NOTIFY_SOCKET. Without that
// variable nothing is said.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "proxy/session/roll_call.hpp"

namespace weir::session {

class ServiceManager {
 public:
  // Asks every worker; for each `answer` is to be called, on the control thread, once it has come to it.
  using AskWorkers = std::function<void(const std::function<void()>& answer)>;

  explicit ServiceManager(boost::asio::io_context& context) : timer_(context) {}

  // `status`: a line for `systemctl status`.
  void ready(const std::string& status);
  // Before a reload; `ready` follows it, however it ended.
  void reloading();
  void stopping(const std::string& status);
  // With $WATCHDOG_USEC: a sign of life at half of it, each time that all workers have answered.
  void keep_watch(std::size_t workers, AskWorkers);
  void end_watch() { timer_.cancel(); }

 private:
  void call_roll();

  boost::asio::steady_timer timer_;
  std::chrono::microseconds interval_{0};
  std::size_t workers_ = 0;
  AskWorkers ask_;
  RollCall roll_;
  bool stopping_ = false;
};

}  // namespace weir::session
