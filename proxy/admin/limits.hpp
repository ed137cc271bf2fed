// What the admin service bears at once, so that those who watch the gateway cannot harm it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::admin {

struct Limits {
  std::size_t connections = 256;
  std::size_t event_readers = 128;
  std::uint32_t head = 16 * 1024;
  std::uint64_t body = 64 * 1024;
  std::size_t bytes_in_flight = 64 * 1024 * 1024;  // of all replies that their readers have not taken yet
  std::chrono::milliseconds read_timeout{std::chrono::seconds{10}};     // a whole request, or the wait for the next one
  std::chrono::milliseconds write_timeout{std::chrono::seconds{30}};    // a whole reply
  std::chrono::milliseconds patience{std::chrono::seconds{5}};          // with the gateway's workers
  std::chrono::milliseconds reload_patience{std::chrono::seconds{30}};  // with a reload, which installs kernel rules
  std::chrono::milliseconds keep_alive{std::chrono::seconds{15}};       // between comments on an idle event stream
  std::chrono::milliseconds sample_every{std::chrono::seconds{5}};      // of the history
  std::chrono::milliseconds glance_every{std::chrono::seconds{2}};      // status and summary, on live streams
};

}  // namespace weir::admin
