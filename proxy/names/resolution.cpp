#include "proxy/names/resolution.hpp"

#include <algorithm>

namespace weir::names {
namespace {

using Status = Resolution::Status;

// Nonexistence is of a name, not of a record type (RFC 8020, 2), so either family's word is enough; what went wrong
// comes before "no data", since the other family may have some.
Status merge(Status ipv4, Status ipv6) {
  for (const auto status : {Status::ok, Status::no_such_name, Status::refused, Status::time_out, Status::failed})
    if (ipv4 == status || ipv6 == status) return status;
  return Status::no_data;
}

std::string merge_errors(const Resolution& ipv4, const Resolution& ipv6) {
  if (ipv4.error == ipv6.error) return ipv4.error;
  std::string both;
  if (!ipv4.error.empty()) both = "A: " + ipv4.error;
  if (!ipv6.error.empty()) both += (both.empty() ? "AAAA: " : "; AAAA: ") + ipv6.error;
  return both;
}

}  // namespace

Resolution merge(Resolution ipv4, Resolution ipv6) {
  Resolution both;
  both.status = merge(ipv4.status, ipv6.status);
  both.complete = ipv4.complete && ipv6.complete;
  if (both.status != Status::ok || !both.complete) both.error = merge_errors(ipv4, ipv6);
  both.addresses = std::move(ipv4.addresses);
  both.addresses.insert(both.addresses.end(), ipv6.addresses.begin(), ipv6.addresses.end());
  if (!both.addresses.empty()) both.ttl = std::ranges::min(both.addresses, {}, &Answer::ttl).ttl;
  return both;
}

}  // namespace weir::names
