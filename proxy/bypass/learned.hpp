// Addresses learned for the names of bypass entries, each with its reason and its end.
//
// Many names share an address. One that must be decrypted or blocked stands against it: for as long, nothing is learned
// for that address, and what was is forgotten. Such conflicts are counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/policy.hpp"

namespace weir::bypass {

using Time = std::chrono::steady_clock::time_point;

enum class Origin : std::uint8_t {
  resolved,  // weir asked the DNS for the name
  seen,      // a flow's SNI or Host
  answered,  // a DNS answer to a client that passed by
};
const char* name(Origin);

// A bypass entry, by what outlives a reload.
struct Entry {
  policy::Source source = policy::Source::bypass;  // or run_time_bypass
  std::string name;
  friend auto operator<=>(const Entry&, const Entry&) = default;
};

struct Learned {
  Entry entry;
  policy::Address address;
  Origin origin = Origin::resolved;
  std::string name;  // the domain it was learned for
  Time expires;
};

// An address that is not learned because of another name.
struct Withheld {
  policy::Address address;
  std::string name;  // the one that must be decrypted or blocked
  Time until;
};

class LearnedTable {
 public:
  // `most`: addresses kept, and names that stand against addresses.
  explicit LearnedTable(std::size_t most = 65536) : most_(most) {}

  // True where something was learned that was not known, or is known for longer now.
  bool learn(const Entry&, const policy::Address&, Origin, const std::string& domain, Time now, Time expires);
  // A name that must be decrypted or blocked was seen at that address: nothing is learned for it until then.
  void stands_against(const policy::Address&, const std::string& domain, Time now, Time until);
  void expire(Time now);
  // Forgets what `keeps` does not want: a reload, an entry removed by hand.
  template <typename Keeps>
  void keep_if(Keeps keeps) {
    for (auto one = all_.begin(); one != all_.end();)
      one = keeps(one->second) ? std::next(one) : forget(one, changes_.forgotten);
  }

  // What has changed since it was last asked. What was forgotten comes before what was learned.
  struct Changes {
    struct Fresh {
      Learned learned;
      bool is_renewed = false;  // it was known, and is for longer now
    };
    std::vector<std::pair<Entry, policy::Address>> forgotten;
    std::vector<std::pair<Entry, policy::Address>> expired;
    std::vector<Fresh> learned;
    bool empty() const { return learned.empty() && forgotten.empty() && expired.empty(); }
  };
  Changes take_changes();

  std::vector<Learned> all() const;
  std::vector<Withheld> withheld(Time now) const;
  std::uint64_t conflicts() const { return conflicts_; }
  std::uint64_t refused() const { return refused_; }                  // for want of room
  bool is_empty() const { return all_.empty() && against_.empty(); }  // nothing to expire

 private:
  using Key = std::pair<policy::Address, Entry>;
  using All = std::map<Key, Learned>;
  struct Against {
    std::string name;
    Time until;
  };

  All::iterator forget(All::iterator, std::vector<std::pair<Entry, policy::Address>>& kind);
  bool is_free(const policy::Address&, Time now);

  std::size_t most_;
  All all_;
  std::map<policy::Address, Against> against_;
  Time against_all_until_;  // while there were more names against addresses than could be kept
  Changes changes_;
  std::uint64_t conflicts_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace weir::bypass
