// What workers tell the bypass list of the names they see: few of them, and each once in a while.
#pragma once

#include <chrono>
#include <functional>

#include "policy/policy.hpp"
#include "proxy/flow/once_in_a_while.hpp"

namespace weir::session {

struct NameSeen {
  policy::DomainName name;
  policy::Address address;
  bool must_be_read = false;  // policy does not let this name go by unread
};

class NameReports {
 public:
  explicit NameReports(std::function<void(NameSeen)> report) : report_(std::move(report)) {}

  // Only where a bypass entry has domains is there anything to learn.
  static bool are_of_use(const policy::Policy&);
  void take(const policy::Policy&, const policy::DomainName&, const policy::Address& seen_at, bool must_be_read,
            std::chrono::steady_clock::time_point now);

 private:
  std::function<void(NameSeen)> report_;
  // What is learned is kept for longer, or is learned by the next flow.
  flow::OnceInAWhile told_{std::chrono::seconds(5)};  // name and address
};

}  // namespace weir::session
