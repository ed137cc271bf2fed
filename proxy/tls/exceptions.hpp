// What is not decrypted any more, because it was seen that it cannot be: by a client and a name, where the client does
// not take weir's certificates, or by a destination and a name, where the origin does not work with it. Each for a
// time. Shared by all workers, and asked once a flow that is to be decrypted; while it is empty that is one load.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/address.hpp"
#include "proxy/flow/tls_cause.hpp"

namespace weir::tls {

using flow::TlsCause;
// Whether it is the client's doing: then it is remembered by client, else by destination.
bool is_of_client(TlsCause);

struct Parties {
  policy::Address client;
  policy::Endpoint destination;
  std::string name;  // what the client asked for; the destination's address where it asked for nothing
};

struct Exception {
  TlsCause cause = TlsCause::rejected;
  std::optional<policy::Address> client;        // of a client's cause
  std::optional<policy::Endpoint> destination;  // of an origin's
  std::string name;
  std::chrono::steady_clock::time_point until;
};

class Exceptions {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr unsigned kSilentCloses = 3;
  static constexpr std::chrono::minutes kSilentPeriod{10};

  // `most`: exceptions, and clients suspected; those that end first, or are oldest, go.
  explicit Exceptions(std::size_t most = 10000) : most_(most) {}

  std::optional<TlsCause> find(const Parties&, Time now) const;
  // Whether it was new.
  bool learn(TlsCause, const Parties&, Time now, Time until);

  // The client closed without having sent a byte of application data. That alone is often a user's doing, or a
  // browser's connection for later: it is an exception from the kSilentCloses-th within kSilentPeriod on, if this
  // client never got through to that name meanwhile, and somebody did get through: this client to another name, or
  // another to this one. Whether it is one now.
  bool note_silent_close(const Parties&, Time now, Time until);
  // Application data came from the client.
  void note_success(const Parties&, Time now);

  std::size_t size(Time now) const;
  // Those that end first, and first; at most so many.
  std::vector<Exception> list(Time now, std::size_t most = std::numeric_limits<std::size_t>::max()) const;
  // Every exception for that client, destination or name; how many that were in force.
  std::size_t remove(std::string_view what, Time now);

 private:
  struct Suspicion {
    policy::Address client;
    std::string name;
    unsigned closes = 0;
    bool others_succeed = false;
    Time since;
  };

  void drop_ended(Time now);
  void count();

  std::size_t most_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Exception> by_key_;
  std::list<Suspicion> suspicions_;  // few
  std::atomic<bool> any_{false};
  std::atomic<bool> any_suspicion_{false};
};

}  // namespace weir::tls
