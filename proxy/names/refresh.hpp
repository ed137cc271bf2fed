// When which name is to be resolved again. Pure: time is an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "proxy/names/resolution.hpp"

namespace weir::names {

struct RefreshLimits {
  std::chrono::seconds soonest{30};           // a TTL shorter than this is taken for this
  std::chrono::seconds latest{24 * 60 * 60};  // and a longer one than this for this
  std::chrono::seconds first_retry{30};       // after a failure, doubled by each further one
  std::chrono::seconds last_retry{10 * 60};   // up to this
  std::size_t most_under_way = 64;            // at least 1
  std::size_t starts_per_second = 200;        // at least 1; they are spread evenly
};

// The names to be resolved and what is known of them. The caller asks what is due, resolves it, and brings the result:
//   while (auto name = plan.start(now)) resolver.resolve(*name, …plan.take(*name, resolution, now)…);
//   timer at plan.next_due()
class RefreshPlan {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RefreshPlan(const RefreshLimits& limits) : limits_(limits) {}
  RefreshPlan(const RefreshPlan&) = delete;  // its queue points into its names
  RefreshPlan& operator=(const RefreshPlan&) = delete;

  // These names and no others. Of those that stay, what is known and when they are due stays; new ones are due now.
  void set_names(const std::vector<std::string>& names, Time now);

  // A name to be resolved now, if there is one and the limits allow; from here on it is under way.
  std::optional<std::string> start(Time now);
  // When to call `start` next; nothing where that is after the next `take` or `set_names`.
  std::optional<Time> next_due() const;

  // The result of a name under way; of others it is ignored. A failure, and the family that failed of a resolution that
  // is not complete, leaves standing what was known; "no such name" and "no data" do not. True where the name's
  // addresses are other than before, whatever their order and TTLs.
  bool take(const std::string& name, const Resolution& resolution, Time now);
  // The results of what is under way will not come, the resolver is gone: all of it is due now.
  void abandon(Time now);

  // Its addresses, in order; none where nothing is known of it, or it is not among the names.
  std::vector<policy::Address> known(const std::string& name) const;
  std::size_t size() const { return names_.size(); }
  std::size_t under_way() const { return under_way_.size(); }

 private:
  struct Entry {
    std::vector<policy::Address> known;
    std::optional<Time> due;  // in the queue; nothing while it is under way
    int failures = 0;         // since the last good result
  };

  void enqueue(const std::string& name, Entry& entry, Time due);
  std::chrono::seconds pause_after(const Resolution& resolution, Entry& entry) const;

  RefreshLimits limits_;
  std::unordered_map<std::string, Entry> names_;
  std::set<std::pair<Time, std::string_view>> queue_;  // of keys of names_
  std::unordered_set<std::string> under_way_;          // some may not be among the names any more
  Time next_start_{};                                  // the pace of starts allows none before
};

}  // namespace weir::names
