#include "proxy/tls/upstream_sessions.hpp"

#include <ctime>

namespace weir::tls {

void UpstreamSessions::keep(const std::string& origin, Resumable session) {
  auto found = by_origin_.find(origin);
  if (found == by_origin_.end()) {
    if (by_use_.size() >= most_) {
      by_origin_.erase(by_use_.back().origin);
      by_use_.pop_back();
    }
    by_use_.push_front({.origin = origin, .sessions = {}});
    found = by_origin_.emplace(by_use_.front().origin, by_use_.begin()).first;
  }
  auto& sessions = found->second->sessions;
  if (sessions.size() >= kSessionsAnOrigin) sessions.erase(sessions.begin());
  sessions.push_back(std::move(session));
}

Resumable UpstreamSessions::take(const std::string& origin) {
  const auto found = by_origin_.find(origin);
  if (found == by_origin_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  auto& sessions = found->second->sessions;
  const auto now = static_cast<long>(std::time(nullptr));
  while (!sessions.empty()) {
    auto session = std::move(sessions.back());
    sessions.pop_back();
    auto* held = session.get();
    if (SSL_SESSION_is_resumable(held) != 1 || SSL_SESSION_get_time(held) + SSL_SESSION_get_timeout(held) <= now)
      continue;
    if (SSL_SESSION_get_protocol_version(held) < TLS1_3_VERSION && SSL_SESSION_up_ref(held) == 1)
      sessions.emplace_back(held);
    return session;
  }
  return nullptr;
}

void UpstreamSessions::forget(const std::string& origin) {
  const auto found = by_origin_.find(origin);
  if (found == by_origin_.end()) return;
  const auto entry = found->second;
  by_origin_.erase(found);
  by_use_.erase(entry);
}

}  // namespace weir::tls
