// How many frames that carry nothing a peer may send: pings, settings, resets, empty data and the like (CVE-2019-9511
// to 9518, CVE-2023-44487, CVE-2025-8671). They are earned by time and by data that was sent to the peer. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace weir::http {

class H2Budget {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr double kMost = 400;
  static constexpr double kASecond = 40;
  // A stream that is taken back has cost the other side more than a frame.
  static constexpr double kReset = 2;

  void refill(Time now) {
    if (last_ != Time{}) earn(std::chrono::duration<double>(now - last_).count() * kASecond);
    last_ = now;
  }
  // A frame of data: its reader may well update two windows for each few KiB.
  void earn_by_data(std::size_t size) { earn(1 + static_cast<double>(size) / kAnUpdateEach); }
  // False once there is none left.
  bool spend(double cost = 1) { return (left_ -= cost) >= 0; }

 private:
  static constexpr double kAnUpdateEach = 2048;
  void earn(double some) { left_ = std::min(kMost, left_ + some); }

  double left_ = kMost;
  Time last_{};
};

}  // namespace weir::http
