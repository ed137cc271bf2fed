// Sessions to resume with origins, by destination and name: of one worker, bounded, only of origins that were trusted.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <openssl/ssl.h>

namespace weir::tls {

struct SslSessionFree {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using Resumable = std::unique_ptr<SSL_SESSION, SslSessionFree>;

class UpstreamSessions {
 public:
  // `most`: sessions in all; those of the origins longest not asked for go.
  explicit UpstreamSessions(std::size_t most = 2048) : most_(most) {}

  void keep(const std::string& origin, Resumable);
  // A TLS 1.3 session is given once (RFC 8446, C.4), an older one stays. Nothing where there is none that is valid.
  Resumable take(const std::string& origin);
  // The one that would be taken next, if it is valid; it stays.
  const SSL_SESSION* next(const std::string& origin) const;
  void forget(const std::string& origin);
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kSessionsAnOrigin = 12;  // so many flows may begin at once and resume
  struct Entry {
    std::string origin;
    std::vector<Resumable> sessions;
  };

  Entry& entry(const std::string& origin);
  void drop_last_origin();

  std::size_t most_;
  std::size_t size_ = 0;
  std::list<Entry> by_use_;  // the last used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_origin_;
};

}  // namespace weir::tls
