#include "proxy/http/h1_target.hpp"

#include <algorithm>

#include "proxy/http/authority.hpp"

namespace weir::http {
namespace {

Fault take_connect(Request& request) {
  if (!is_authority(request.target)) return Fault::target;
  request.authority = std::move(request.target);
  request.target.clear();
  return Fault::connect;
}

// RFC 9112, 3.2.2 has the target's authority count and Host be ignored. Servers differ over that, so they must agree.
Fault take_absolute(Request& request) {
  const std::string_view target = request.target;
  const auto colon = target.find("://");
  if (colon == std::string_view::npos) return Fault::target;
  const auto scheme = target.substr(0, colon);
  const bool secure = same_text(scheme, "https");
  if (!secure && !same_text(scheme, "http")) return Fault::target;
  const auto rest = target.substr(colon + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  if (!is_authority(authority)) return Fault::target;
  request.scheme = secure ? "https" : "http";
  if (request.authority.empty()) request.authority = authority;
  if (!is_same_authority(request.authority, authority, request.scheme)) return Fault::host_mismatch;
  auto path = std::string(rest.substr(authority.size()));
  if (path.empty())
    path = request.method == "OPTIONS" ? "*" : "/";  // RFC 9112, 3.2.4
  else if (path.front() == '?')
    path.insert(0, "/");
  request.target = std::move(path);
  return Fault::none;
}

}  // namespace

Fault take_target(Request& request) {
  if (request.method == "CONNECT") return take_connect(request);
  if (request.target.starts_with('/')) return Fault::none;
  if (request.target == "*") return request.method == "OPTIONS" ? Fault::none : Fault::target;
  return take_absolute(request);
}

}  // namespace weir::http
