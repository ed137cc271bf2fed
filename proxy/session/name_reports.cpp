#include "proxy/session/name_reports.hpp"

#include <algorithm>

namespace weir::session {
namespace {

// What was told is not told again for so long; what is learned is kept for longer, or is learned by the next flow.
constexpr std::chrono::seconds kAgain{5};
constexpr std::size_t kMostRemembered = 4096;

bool has_domains(const policy::BypassTable& table) { return table.indexes.domains.size() > 0; }

}  // namespace

bool NameReports::are_of_use(const policy::Policy& policy) {
  return has_domains(*policy.bypasses) || has_domains(*policy.run_time);
}

void NameReports::take(const policy::Policy& policy, const policy::DomainName& name, const policy::Address& address,
                       bool must_be_read, std::chrono::steady_clock::time_point now) {
  const bool bypassed = !policy.bypasses->naming(name).empty() || !policy.run_time->naming(name).empty();
  if (!bypassed && !must_be_read) return;
  if (was_told(name.text() + " " + address.text(), now)) return;
  report_({name, address, must_be_read});
}

bool NameReports::was_told(const std::string& key, std::chrono::steady_clock::time_point now) {
  auto& last = told_[key];
  if (last != std::chrono::steady_clock::time_point{} && now - last < kAgain) return true;
  last = now;
  if (told_.size() > kMostRemembered)
    std::erase_if(told_, [now](const auto& one) { return now - one.second >= kAgain; });
  if (told_.size() > kMostRemembered) told_.clear();
  return false;
}

}  // namespace weir::session
