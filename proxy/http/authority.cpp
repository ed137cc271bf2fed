#include "proxy/http/authority.hpp"

#include <algorithm>

#include "policy/address.hpp"
#include "proxy/http/characters.hpp"
#include "proxy/http/fields.hpp"

namespace weir::http {
namespace {

// Where the host ends: its length, an IP literal's brackets among it.
std::size_t host_size(std::string_view text) {
  if (!text.starts_with('[')) return std::min(text.find(':'), text.size());
  const auto bracket = text.find(']');
  return bracket == std::string_view::npos ? text.size() : bracket + 1;
}

bool is_host(std::string_view host) {
  if (!host.starts_with('[')) return !host.empty() && all(kHostChar, host);
  if (!host.ends_with(']')) return false;
  host = host.substr(1, host.size() - 2);
  return host.find(':') != std::string_view::npos && policy::Address::parse(host).has_value();
}

bool is_port(std::string_view port) {
  unsigned value = 0;
  for (const char c : port) {
    if (!is(kDigit, c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > 65535) return false;
  }
  return true;
}

std::string_view without_default_port(std::string_view authority, std::string_view scheme) {
  const auto host = authority.substr(0, host_size(authority));
  const auto rest = authority.substr(host.size());
  return rest == ":" || rest == (scheme == "https" ? ":443" : ":80") ? host : authority;
}

}  // namespace

bool is_authority(std::string_view text) {
  const auto size = host_size(text);
  const auto rest = text.substr(size);
  return is_host(text.substr(0, size)) && (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1))));
}

bool is_same_authority(std::string_view a, std::string_view b, std::string_view scheme) {
  return same_text(without_default_port(a, scheme), without_default_port(b, scheme));
}

}  // namespace weir::http
