#include "pki/asked_name.hpp"

#include <algorithm>

#include <arpa/inet.h>

#include <openssl/x509v3.h>

#include "pki/alternative_names.hpp"

namespace weir::pki {
namespace {

constexpr std::size_t kMostInName = 253;  // RFC 1035, 2.3.4, as text
constexpr std::size_t kMostInLabel = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_label(std::string_view label) {
  const auto may_be_in = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
  };
  return !label.empty() && label.size() <= kMostInLabel && std::ranges::all_of(label, may_be_in);
}

bool equal_in_any_case(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(one, other, {}, lower, lower);
}

}  // namespace

std::optional<std::vector<std::uint8_t>> address_in(const std::string& name) {
  std::vector<std::uint8_t> bytes(sizeof(in6_addr));
  if (name.find('\0') != std::string::npos) return std::nullopt;  // text ends there for inet_pton
  if (inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(sizeof(in_addr));
  if (inet_pton(AF_INET, name.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

std::optional<std::string_view> host_in(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > kMostInName) return std::nullopt;
  auto label_start = std::size_t{0};
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', label_start)) {
    if (!is_label(name.substr(label_start, dot - label_start))) return std::nullopt;
    label_start = dot + 1;
  }
  const auto last = name.substr(label_start);
  if (!is_label(last) || std::ranges::all_of(last, is_digit)) return std::nullopt;
  return name;
}

bool has_wildcard_for(const X509& certificate, std::string_view host) {
  const auto dot = host.find('.');
  if (dot == std::string_view::npos || host.find('.', dot + 1) == std::string_view::npos) return false;
  return std::ranges::any_of(alternative_names(certificate), [&](const AlternativeName& name) {
    const std::string_view text(reinterpret_cast<const char*>(name.bytes.data()), name.bytes.size());
    return name.type == GEN_DNS && text.starts_with("*.") && equal_in_any_case(text.substr(1), host.substr(dot));
  });
}

}  // namespace weir::pki
