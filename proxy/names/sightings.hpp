// Names that were seen to belong to addresses, in answers of the DNS: what a policy that asks for confirmed names goes
// by. From any thread. Pure: time is an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "policy/address.hpp"
#include "policy/domain_name.hpp"
#include "proxy/names/resolution.hpp"

namespace weir::names {

class Sightings {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Sightings(std::size_t most = 100'000) : most_(most) {}
  Sightings(const Sightings&) = delete;  // the index points into the list
  Sightings& operator=(const Sightings&) = delete;

  // Kept for the answer's TTL and an hour at least, since clients go on with what they have resolved; a day at most. Of
  // too many, those go first that were not seen for longest.
  void take(const policy::DomainName&, std::span<const Answer>, Time now);
  bool has(const policy::DomainName&, const policy::Address&, Time now) const;
  void clear();
  std::size_t size() const;

 private:
  struct Sighting {
    std::string name;
    policy::Address address;
    Time until;
  };
  using Key = std::pair<std::string_view, policy::Address>;  // of a sighting in the list
  using List = std::list<Sighting>;

  void add(const std::string& name, const policy::Address&, Time until);

  std::size_t most_;
  mutable std::mutex mutex_;
  List seen_;  // the latest at the end
  // In order, not hashed: who asks the DNS chooses the names, and could choose those that share a bucket.
  std::map<Key, List::iterator> index_;
};

}  // namespace weir::names
