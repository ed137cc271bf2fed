// Why paths fail: joins that were seen (MP_JOIN, RFC 8684 3.2), what became of them, and the kernel's own counters, as
// a sentence for each client and destination. Pure: time and counters are arguments.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "policy/address.hpp"

namespace weir::flow {

enum class JoinCause : std::uint8_t {
  not_weirs,   // its token is of no connection that ends here: it went as mptcp.joins.unknown says
  no_token,    // the kernel did not know the token: the connection had ended
  wrong_port,  // it came to another port than its connection's
  refused,     // by the kernel's limits
  wrong_hmac,
  unfinished,  // answered, and never completed
};
inline constexpr std::size_t kJoinCauses = static_cast<std::size_t>(JoinCause::unfinished) + 1;
const char* name(JoinCause);

// The kernel's MPTcpExt counters by name.
using MptcpCounters = std::map<std::string, std::uint64_t>;

// The joins from one client to one destination.
struct JoinPath {
  policy::Address client;
  policy::Endpoint destination;
  std::uint64_t attempts = 0;
  std::uint64_t joined = 0;
  std::array<std::uint64_t, kJoinCauses> failed{};
  std::uint64_t fallbacks = 0;  // connections that went on as TCP after their handshake
  std::uint64_t order = 0;      // of the last that happened to it
};

// A join that came to nothing.
struct JoinFailure {
  policy::Address client;
  policy::Endpoint destination;
  JoinCause cause;
};
// Why, for a person; `unknown`: the word of mptcp.joins.unknown.
std::string why(JoinCause, const std::string& unknown);

class JoinLog {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `most`: pairs of client and destination; the longest quiet ones go.
  explicit JoinLog(std::size_t most = 512) : most_(most) {}

  // A join's SYN; `is_own`: its token is of a connection that ends here; `kernel`: the counters from before it came. A
  // SYN that comes again is the same attempt.
  void syn(const policy::Endpoint& client, const policy::Endpoint& destination, std::uint32_t token, bool is_own,
           Time now, const MptcpCounters& kernel);
  // A subflow is there. This may be told before its SYN is.
  void joined(std::uint32_t token, const policy::Endpoint& client, Time now);
  void fell_back(const policy::Address& client, const policy::Endpoint& destination);
  // Gives up on attempts that are too old, and tells them; `is_own` is asked again, for a token may have been learned
  // late.
  std::vector<JoinFailure> settle(Time now, const MptcpCounters& kernel,
                                  const std::function<bool(std::uint32_t)>& is_own);
  bool is_waiting() const { return !waiting_.empty(); }

  std::vector<JoinPath> paths() const;  // the last that happened first

 private:
  struct Attempt {
    policy::Endpoint destination;
    bool is_own = false;
    Time since;
    MptcpCounters kernel;
  };
  using AttemptKey = std::pair<policy::Endpoint, std::uint32_t>;  // client, token
  using PathKey = std::pair<policy::Address, policy::Endpoint>;

  JoinPath& path(const policy::Address& client, const policy::Endpoint& destination);

  std::size_t most_;
  std::map<AttemptKey, Attempt> waiting_;
  std::map<AttemptKey, Time> early_;  // joined, and their SYN is to come
  std::map<PathKey, JoinPath> paths_;
  std::uint64_t order_ = 0;
};

// What happened on a path, for a person; `unknown`: the word of mptcp.joins.unknown.
std::string sentence(const JoinPath&, const std::string& unknown);
// What the counters say of all paths together, where they say anything.
std::vector<std::string> sentences(const MptcpCounters& since_start);

}  // namespace weir::flow
