#include "proxy/kernel/saved_state.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>

namespace weir::kernel {
namespace {

constexpr std::string_view kSysctl = "net/";
constexpr std::string_view kSubflows = "mptcp.subflows";
constexpr std::string_view kEndpoint = "mptcp.endpoint";
constexpr std::string_view kFingerprint = "ruleset";

std::string text_of(const conf::SignalledEndpoint& endpoint) {
  return endpoint.port == 0 ? endpoint.address.text() : policy::Endpoint{endpoint.address, endpoint.port}.text();
}

std::optional<conf::SignalledEndpoint> endpoint_of(std::string_view text) {
  if (const auto address = policy::Address::parse(text)) return conf::SignalledEndpoint{*address, 0};
  if (const auto both = policy::Endpoint::parse(text)) return conf::SignalledEndpoint{both->address, both->port};
  return std::nullopt;
}

void take(Changes& changes, std::string_view name, std::string_view value) {
  if (name.starts_with(kSysctl)) {
    changes.sysctls.push_back({std::string(name), std::string(value)});
  } else if (name == kSubflows) {
    std::uint32_t subflows = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), subflows);
    if (parsed.ec == std::errc{}) changes.subflows = subflows;
  } else if (name == kEndpoint) {
    if (const auto endpoint = endpoint_of(value)) changes.endpoints.push_back(*endpoint);
  } else if (name == kFingerprint) {
    changes.fingerprint = value;
  }
}

}  // namespace

SavedState to_saved(const Changes& changes) {
  SavedState saved;
  for (const auto& sysctl : changes.sysctls) saved.push_back(sysctl.name + "=" + sysctl.value);
  if (changes.subflows) saved.push_back(std::string(kSubflows) + "=" + std::to_string(*changes.subflows));
  for (const auto& endpoint : changes.endpoints) saved.push_back(std::string(kEndpoint) + "=" + text_of(endpoint));
  if (!changes.fingerprint.empty()) saved.push_back(std::string(kFingerprint) + "=" + changes.fingerprint);
  return saved;
}

Changes from_saved(const SavedState& saved) {
  Changes changes;
  for (const std::string_view entry : saved) {
    const auto equals = entry.find('=');
    if (equals != std::string_view::npos) take(changes, entry.substr(0, equals), entry.substr(equals + 1));
  }
  return changes;
}

void keep_older(Changes& now, const Changes& older) {
  auto sysctls = older.sysctls;
  for (auto& sysctl : now.sysctls) {
    const bool known =
        std::any_of(sysctls.begin(), sysctls.end(), [&](const auto& s) { return s.name == sysctl.name; });
    if (!known) sysctls.push_back(std::move(sysctl));
  }
  now.sysctls = std::move(sysctls);
  if (older.subflows) now.subflows = older.subflows;
}

std::string fingerprint(const std::string& ruleset) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : ruleset) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace weir::kernel
