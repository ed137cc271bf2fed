// The keys that seal clients' session tickets (RFC 5077, 4; RFC 8446, 4.6.1). Shared by all workers, so that a client
// may resume on any; changed in time, so that a key that leaks opens few; never written anywhere. Asked once a
// handshake.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>

namespace weir::tls {

class TicketKeys {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::hours kChange{1};
  static constexpr std::chrono::hours kLifetime{4};  // of a ticket

  struct Key {
    std::array<std::uint8_t, 16> name{};
    std::array<std::uint8_t, 32> cipher{};  // AES-256-CBC
    std::array<std::uint8_t, 32> mac{};     // HMAC-SHA-256
    Time made;
  };
  struct Found {
    Key key;
    bool is_current = false;  // else the client is given a new ticket
  };

  // To seal; nothing where no random bytes are to be had.
  std::optional<Key> current(Time now);
  // To open what was sealed under that name within a ticket's lifetime.
  std::optional<Found> find(std::span<const std::uint8_t, 16> name, Time now);

 private:
  std::mutex mutex_;
  std::deque<Key> keys_;  // the newest first
};

}  // namespace weir::tls
