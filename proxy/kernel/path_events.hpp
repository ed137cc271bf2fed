// The kernel's MPTCP events (generic netlink group "mptcp_pm_events"): subflows that come and go, and why.
// The caller waits for `descriptor()` to be readable, then calls `read`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "policy/address.hpp"

namespace weir::kernel {

struct PathEvent {
  enum class Kind : std::uint8_t { subflow_established, subflow_closed, subflow_priority } kind;
  std::uint32_t token = 0;  // of the local connection, host order; as MptcpState::token
  policy::Endpoint local;
  policy::Endpoint remote;
  bool backup = false;
  int error = 0;                   // errno of the subflow, 0 where it closed in order
  std::uint32_t reset_reason = 0;  // RFC 8684 3.6; meaningful where has_reset_reason
  bool has_reset_reason = false;
};

// "closed", "reset: middlebox interference", "timed out", …: a subflow's end in words.
std::string describe_end(const PathEvent&);

// An MPTCP connection of this network namespace began or ended. It begins with the handshake, before anybody accepted
// it.
struct ConnectionEvent {
  std::uint32_t token = 0;  // as PathEvent's
  bool began = false;
};

class PathEvents {
 public:
  // Needs CAP_NET_ADMIN. Non-blocking.
  static boost::system::result<PathEvents, std::string> open();

  int descriptor() const;

  struct Batch {
    std::vector<PathEvent> events;
    std::vector<ConnectionEvent> connections;
    bool overrun = false;  // the kernel dropped events (ENOBUFS)
  };
  // Everything that is there now; never blocks.
  Batch read();

  PathEvents(PathEvents&&) noexcept;
  PathEvents& operator=(PathEvents&&) noexcept;
  ~PathEvents();

 private:
  struct Impl;
  explicit PathEvents(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::kernel
