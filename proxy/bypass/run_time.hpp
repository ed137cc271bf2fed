// Bypass entries that the operator adds while weir runs, each for a time. They outlive a reload, not a restart.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "policy/tables.hpp"
#include "proxy/bypass/learned.hpp"

namespace weir::bypass {

struct RunTimeEntry {
  std::string what;  // "198.51.100.0/24", "media.example" or "*.media.example"
  std::optional<policy::Prefix> prefix;
  std::optional<policy::DomainPattern> domain;  // one of the two
  policy::Flows flows = policy::Flows::mptcp;
  Time expires;

  // Of an address, a prefix or a name; an error is a sentence that says what would be right.
  static boost::system::result<RunTimeEntry, std::string> parse(std::string_view what, policy::Flows, Time expires);
};

class RunTimeList {
 public:
  static constexpr std::size_t kMost = 1024;

  // An entry for the same `what` and flows is replaced. False where there are too many.
  bool add(RunTimeEntry);
  // How many were removed: entries for `what`, of any flows.
  std::size_t remove(std::string_view what);
  // True where one ended.
  bool expire(Time now);

  const std::vector<RunTimeEntry>& all() const { return entries_; }
  // As the policy has them, in this order.
  std::shared_ptr<const policy::BypassTable> table() const;

 private:
  std::vector<RunTimeEntry> entries_;
};

}  // namespace weir::bypass
