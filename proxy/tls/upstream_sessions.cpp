#include "proxy/tls/upstream_sessions.hpp"

#include <ctime>

namespace weir::tls {
namespace {

// OpenSSL 3.3 has another call for it, and 3.4 warns of the old one.
std::time_t made_at(const SSL_SESSION* session) {
#if OPENSSL_VERSION_PREREQ(3, 3)
  return SSL_SESSION_get_time_ex(session);
#else
  return SSL_SESSION_get_time(session);
#endif
}

bool is_valid(const SSL_SESSION* session) {
  return SSL_SESSION_is_resumable(session) == 1 &&
         made_at(session) + SSL_SESSION_get_timeout(session) > std::time(nullptr);
}

}  // namespace

UpstreamSessions::Entry& UpstreamSessions::entry(const std::string& origin) {
  if (const auto found = by_origin_.find(origin); found != by_origin_.end()) return *found->second;
  by_use_.push_front({.origin = origin, .sessions = {}});
  by_origin_.emplace(by_use_.front().origin, by_use_.begin());
  return by_use_.front();
}

void UpstreamSessions::drop_last_origin() {
  size_ -= by_use_.back().sessions.size();
  by_origin_.erase(by_use_.back().origin);
  by_use_.pop_back();
}

void UpstreamSessions::keep(const std::string& origin, Resumable session) {
  auto& sessions = entry(origin).sessions;
  if (sessions.size() >= kSessionsAnOrigin) {
    sessions.erase(sessions.begin());
    --size_;
  }
  sessions.push_back(std::move(session));
  ++size_;
  while (size_ > most_ && by_use_.size() > 1) drop_last_origin();
}

Resumable UpstreamSessions::take(const std::string& origin) {
  const auto found = by_origin_.find(origin);
  if (found == by_origin_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  auto& sessions = found->second->sessions;
  while (!sessions.empty()) {
    auto session = std::move(sessions.back());
    sessions.pop_back();
    --size_;
    auto* held = session.get();
    if (!is_valid(held)) continue;
    if (SSL_SESSION_get_protocol_version(held) < TLS1_3_VERSION && SSL_SESSION_up_ref(held) == 1) {
      sessions.emplace_back(held);
      ++size_;
    }
    return session;
  }
  return nullptr;
}

const SSL_SESSION* UpstreamSessions::next(const std::string& origin) const {
  const auto found = by_origin_.find(origin);
  if (found == by_origin_.end() || found->second->sessions.empty()) return nullptr;
  const auto* session = found->second->sessions.back().get();
  return is_valid(session) ? session : nullptr;
}

void UpstreamSessions::forget(const std::string& origin) {
  const auto found = by_origin_.find(origin);
  if (found == by_origin_.end()) return;
  const auto entry = found->second;
  size_ -= entry->sessions.size();
  by_origin_.erase(found);
  by_use_.erase(entry);
}

}  // namespace weir::tls
