// A conversation, or two in a row, between peers in memory (tests/unit/http_peers.hpp), for fuzz targets.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "proxy/http/conversation.hpp"
#include "tests/unit/http_peers.hpp"

namespace weir::fuzz {

using Speaks = http::Conversation::Speaks;

inline void require(bool holds, int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "not so: line %d\n", line);
  std::abort();
}

class CountingSupervisor final : public http::Supervisor {
 public:
  std::chrono::system_clock::time_point wall_time() const override { return {}; }
  http::Verdict judge(http::Transaction& transaction) override {
    ++judged;
    const auto& target = transaction.request.target;
    if (target.starts_with("/blocked")) return {.kind = http::Verdict::Kind::refuse, .status = 403, .reason = "So."};
    if (target.starts_with("/reset")) return {.kind = http::Verdict::Kind::reset};
    return {};
  }
  void note_end(const http::Transaction&) override { ++ended; }
  std::size_t judged = 0;
  std::size_t ended = 0;
};

class Gateway {
 public:
  Gateway(Speaks client, Speaks origin, std::size_t piece)
      : conversation_({.flow = "f", .scheme = "https", .client = "10.1.0.2", .upgrades = {"websocket"}}, supervisor_),
        piece_(piece) {
    conversation_.meet_client(client);
    conversation_.meet_upstream(origin);
    advance();
  }
  http::Conversation& conversation() { return conversation_; }
  http::Side& client() { return conversation_.client(); }
  http::Side& upstream() { return *conversation_.upstream(); }

  // As the session does it; what was not taken stays in `bytes`.
  bool give(http::Side& side, std::string& bytes) {
    if (bytes.empty() || !side.wants_input()) return false;
    const auto size = std::min(piece_, bytes.size());
    const auto copy = std::make_unique<std::uint8_t[]>(size);
    std::copy_n(bytes.begin(), size, copy.get());
    bytes.erase(0, size);
    side.receive({copy.get(), size});
    advance();
    return true;
  }
  std::string take(http::Side& side) {
    const auto output = side.output();
    std::string bytes(reinterpret_cast<const char*>(output.data()), std::min(output.size(), piece_));
    if (bytes.empty()) return bytes;
    side.written(bytes.size());
    advance();
    return bytes;
  }
  static bool is_closed(http::Side& side) {
    const auto closing = side.closing();
    return side.output().empty() &&
           (closing == http::Wire::Closing::in_order || closing == http::Wire::Closing::abrupt);
  }
  void advance() { conversation_.advance(http::Time(std::chrono::hours(1))); }
  // Every request goes on record once, and nothing is left.
  void end() {
    conversation_.lose_client();
    conversation_.lose_upstream();
    advance();
    require(conversation_.is_idle());
    require(supervisor_.ended == conversation_.requests() && supervisor_.judged <= supervisor_.ended);
  }

 private:
  CountingSupervisor supervisor_;
  http::Conversation conversation_;
  std::size_t piece_;
};

}  // namespace weir::fuzz
