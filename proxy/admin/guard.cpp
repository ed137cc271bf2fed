#include "proxy/admin/guard.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>

#include "policy/address.hpp"

namespace weir::admin {
namespace {

using boost::beast::iequals;

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return end == std::string_view::npos ? std::string_view{} : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

// A page of a rebound name sends that name. An address cannot be rebound, and localhost is not asked of the DNS.
bool own_host(std::string_view host) {
  const auto name = without_port(host);
  return iequals(name, "localhost") || (!name.empty() && policy::Address::parse(name).has_value());
}

bool own_origin(const Asked& asked) {
  if (asked.fetch_site && *asked.fetch_site != "same-origin" && *asked.fetch_site != "none") return false;
  if (!asked.origin) return true;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (asked.origin->starts_with(scheme)) return iequals(asked.origin->substr(scheme.size()), asked.host);
  }
  return false;  // "null" among others
}

bool shows(const Token& token, std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!iequals(authorization.substr(0, kScheme.size()), kScheme)) return false;
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  return token.equals(authorization);
}

}  // namespace

Access judge(const Asked& asked, const std::optional<Token>& token) {
  if (asked.hosts > 1 || (asked.hosts == 0 && !asked.http_1_0)) return Access::bad_host;
  if (asked.kind == Kind::probe) return Access::allowed;
  if (asked.kind == Kind::change) {
    if (asked.hosts > 0 && !own_host(asked.host)) return Access::foreign_host;
    if (!own_origin(asked)) return Access::foreign_origin;
  }
  // A page of a foreign name does not know the token, so a reader that shows it may call weir by any name.
  if (token && asked.kind != Kind::page) return shows(*token, asked.authorization) ? Access::allowed : Access::no_token;
  return asked.hosts == 0 || own_host(asked.host) ? Access::allowed : Access::foreign_host;
}

}  // namespace weir::admin
