#include "proxy/session/name_reports.hpp"

namespace weir::session {
namespace {

bool has_domains(const policy::BypassTable& table) { return table.indexes.domains.size() > 0; }

}  // namespace

bool NameReports::are_of_use(const policy::Policy& policy) {
  return has_domains(*policy.bypasses) || has_domains(*policy.run_time);
}

void NameReports::take(const policy::Policy& policy, const policy::DomainName& name, const policy::Address& address,
                       bool must_be_read, std::chrono::steady_clock::time_point now) {
  const bool bypassed = !policy.bypasses->naming(name).empty() || !policy.run_time->naming(name).empty();
  if (!bypassed && !must_be_read) return;
  if (told_.is_due(name.text() + " " + address.text(), now)) report_({name, address, must_be_read});
}

}  // namespace weir::session
