#include "proxy/session/service_manager.hpp"

#include <algorithm>
#include <systemd/sd-daemon.h>

namespace weir::session {
namespace {

// Assignments are lines; a status is one of them.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < ' '; }, ' ');
  return text;
}

void tell(const std::string& assignments) {
  constexpr int kKeepVariable = 0;
  sd_notify(kKeepVariable, assignments.c_str());  // who does not listen is not missed
}

// CLOCK_MONOTONIC, as Type=notify-reload wants it: a READY=1 of before the reload is told from the one after it.
std::string now() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(since_boot).count());
}

}  // namespace

void ServiceManager::ready(const std::string& status) {
  if (!stopping_) tell("READY=1\nSTATUS=" + one_line(status));
}

void ServiceManager::reloading() {
  if (!stopping_) tell("RELOADING=1\nMONOTONIC_USEC=" + now() + "\nSTATUS=reloading");
}

void ServiceManager::stopping(const std::string& status) {
  stopping_ = true;
  tell("STOPPING=1\nSTATUS=" + one_line(status));
}

void ServiceManager::keep_watch(std::size_t workers, AskWorkers ask) {
  std::uint64_t interval = 0;
  if (sd_watchdog_enabled(0, &interval) <= 0) return;
  interval_ = std::chrono::microseconds(std::max<std::uint64_t>(interval / 2, 1));
  workers_ = workers;
  ask_ = std::move(ask);
  call_roll();
}

void ServiceManager::call_roll() {
  if (roll_.may_begin()) {
    ask_([this, round = roll_.begin(workers_)] {
      if (roll_.answer(round)) tell("WATCHDOG=1");
    });
  }
  timer_.expires_after(interval_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) call_roll();
  });
}

}  // namespace weir::session
