// A conversation between a client and an origin in memory. A script says what each of them says; it is run in every
// pairing of versions, in any cutting, and again with whatever can go wrong at each of its steps.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proxy/http/conversation.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/http_peers.hpp"

namespace weir::test {

using Speaks = http::Conversation::Speaks;
using namespace std::chrono_literals;

// Blocks and resets by the path; keeps what went on record.
class ScriptedSupervisor final : public http::Supervisor {
 public:
  std::chrono::system_clock::time_point wall_time() const override { return {}; }
  http::Verdict judge(http::Transaction& transaction) override {
    ++judged;
    transaction.edits = edits;
    const auto& target = transaction.request.target;
    if (target.starts_with("/blocked"))
      return {.kind = http::Verdict::Kind::refuse, .status = 403, .reason = "A rule says so."};
    if (target.starts_with("/reset")) return {.kind = http::Verdict::Kind::reset};
    return {};
  }
  void note_end(const http::Transaction& transaction) override {
    recorded.push_back(transaction.request.method + " " + transaction.request.target + " " +
                       std::to_string(transaction.response_begun ? transaction.response.status : 0) + " " +
                       flow::name(transaction.end));
    twice = twice || !streams.insert(transaction.stream).second;
  }

  const policy::HeaderEdits* edits = nullptr;
  std::size_t judged = 0;
  std::vector<std::string> recorded;
  std::set<std::uint64_t> streams;
  bool twice = false;
};

struct Pairing {
  Speaks client = Speaks::http1;
  Speaks origin = Speaks::http1;
  std::string name() const {
    const auto one = [](Speaks speaks) { return speaks == Speaks::http1 ? "h1" : "h2"; };
    return std::string(one(client)) + "-" + one(origin);
  }
};
inline constexpr std::array<Pairing, 4> kPairings{{{Speaks::http1, Speaks::http1},
                                                   {Speaks::http2, Speaks::http2},
                                                   {Speaks::http2, Speaks::http1},
                                                   {Speaks::http1, Speaks::http2}}};

enum class Mishap : std::uint8_t { none, lose_client, lose_origin, end_client, end_origin, expire };

struct Conditions {
  Pairing pairing{};
  std::size_t piece = 1 << 20;  // bytes are cut into so many
  Mishap mishap = Mishap::none;
  std::size_t at = 0;  // before this many pieces were carried
  http::ConversationSettings settings{.flow = "0123456789abcdef", .scheme = "https", .client = "10.1.0.2"};
  bool small = true;         // also cut into single bytes, and with mishaps
  bool client_takes = true;  // its windows open as it reads (HTTP/2)
  std::vector<nghttp2_settings_entry> origin_settings{};
};

class World {
 public:
  explicit World(const Conditions& how)
      : how_(how), conversation_(std::make_unique<http::Conversation>(how.settings, supervisor)) {
    conversation().meet_client(how.pairing.client);
    conversation().meet_upstream(how.pairing.origin);
    if (how.pairing.client == Speaks::http2) {
      auto peer = std::make_unique<H2Peer>(H2Peer::Role::client, how.client_takes);
      peer->settings();
      client_ = std::move(peer);
    } else {
      client_ = std::make_unique<H1Client>();
    }
    if (how.pairing.origin == Speaks::http2) {
      auto peer = std::make_unique<H2Peer>(H2Peer::Role::server);
      peer->settings(how.origin_settings);
      origin_ = std::move(peer);
    } else {
      origin_ = std::make_unique<H1Origin>();
    }
    advance();
  }

  Peer& client() { return *client_; }
  Peer& origin() { return *origin_; }
  H1Client& client1() { return dynamic_cast<H1Client&>(*client_); }
  H1Origin& origin1() { return dynamic_cast<H1Origin&>(*origin_); }
  H2Peer& client2() { return dynamic_cast<H2Peer&>(*client_); }
  H2Peer& origin2() { return dynamic_cast<H2Peer&>(*origin_); }
  http::Conversation& conversation() { return *conversation_; }
  void forget_conversation() { conversation_.reset(); }
  const Conditions& how() const { return how_; }
  bool is_undisturbed() const { return how_.mishap == Mishap::none; }
  std::size_t carried() const { return carried_; }
  bool reads_client = true;  // whether what weir has for it is carried
  bool reads_origin = true;

  void advance() { conversation().advance(now_); }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    advance();
  }
  bool expire(std::chrono::milliseconds time) {
    now_ += time;
    const bool done = conversation().expire(now_);
    advance();
    return done;
  }

  // Bytes that a peer said and weir did not take.
  std::size_t client_left() { return client_bytes_.size() + unsent(how_.pairing.client, *client_); }
  std::size_t origin_left() { return origin_bytes_.size() + unsent(how_.pairing.origin, *origin_); }

  // Carries bytes until there are none.
  void settle() {
    bool moved = true;
    for (int i = 0; moved; ++i) {
      if (i > 2'000'000) FAIL("it does not come to rest");
      moved = carry_in(*client_, client_bytes_, conversation().client(), client_ended_);
      moved |= carry_out(*origin_, *conversation().upstream(), origin_over_, reads_origin);
      moved |= carry_in(*origin_, origin_bytes_, *conversation().upstream(), origin_ended_);
      moved |= carry_out(*client_, conversation().client(), client_over_, reads_client);
    }
  }
  void end_client() { end(client_ended_, conversation().client()); }
  void end_origin(bool in_order = true) { end(origin_ended_, *conversation().upstream(), in_order); }
  void lose_client() {
    client_ended_ = client_over_ = true;
    conversation().lose_client();
    advance();
  }
  void lose_origin() {
    origin_ended_ = origin_over_ = true;
    conversation().lose_upstream();
    advance();
  }

  // Only where nothing was to go wrong; what is left then is checked by `require_clean_end`.
  void expect_request(std::size_t i, const std::string& text) { expect(origin_->got(i).all(), text); }
  void expect_response(std::size_t i, const std::string& text) { expect(client_->got(i).all(), text); }
  void expect_records(const std::vector<std::string>& lines) { expect(supervisor.recorded, lines); }
  template <typename T, typename U>
  void expect(const T& is, const U& wanted) {
    if (is_undisturbed()) CHECK(is == wanted);
  }

  ScriptedSupervisor supervisor;

 private:
  void end(bool& ended, http::Side& side, bool in_order = true) {
    settle();
    if (std::exchange(ended, true)) return;
    side.receive_end(in_order);
    advance();
    settle();
  }

  static std::size_t unsent(Speaks speaks, Peer& peer) {
    return speaks == Speaks::http2 ? dynamic_cast<H2Peer&>(peer).unsent(0) : 0;
  }
  bool carry_in(Peer& from, std::string& bytes, http::Side& side, const bool& ended) {
    bytes += from.output();
    if (ended || bytes.empty() || !side.wants_input()) return false;
    const auto size = std::min(bytes.size(), how_.piece);
    const auto copy = std::make_unique<std::uint8_t[]>(size);  // so that a sanitizer sees a byte read too far
    std::copy_n(bytes.begin(), size, copy.get());
    bytes.erase(0, size);
    disturb();
    if (ended) return true;
    advance();
    side.receive({copy.get(), size});
    advance();
    return true;
  }
  bool carry_out(Peer& to, http::Side& side, bool& over, const bool& reads) {
    if (over || !reads) return false;
    const auto output = side.output();
    if (output.empty()) {
      const auto closing = side.closing();
      if (closing == http::Wire::Closing::no || closing == http::Wire::Closing::half) return false;
      over = true;
      to.closed(closing == http::Wire::Closing::in_order);
      return true;
    }
    disturb();
    if (over) return true;
    const auto now = side.output();
    const std::string copy(reinterpret_cast<const char*>(now.data()), std::min(now.size(), how_.piece));
    to.input(copy);
    side.written(copy.size());
    advance();
    return true;
  }
  void disturb() {
    if (carried_++ != how_.at) return;
    switch (how_.mishap) {
      case Mishap::none: break;
      case Mishap::lose_client: return lose_client();
      case Mishap::lose_origin: return lose_origin();
      case Mishap::end_client:
        if (!std::exchange(client_ended_, true)) conversation().client().receive_end(true);
        return advance();
      case Mishap::end_origin:
        if (!std::exchange(origin_ended_, true)) conversation().upstream()->receive_end(true);
        return advance();
      case Mishap::expire: expire(1h); return;
    }
  }

  Conditions how_;
  std::unique_ptr<http::Conversation> conversation_;
  std::unique_ptr<Peer> client_;
  std::unique_ptr<Peer> origin_;
  std::string client_bytes_;  // sent, and not yet read by weir
  std::string origin_bytes_;
  bool client_ended_ = false;  // it sends no more
  bool origin_ended_ = false;
  bool client_over_ = false;  // weir sends it no more
  bool origin_over_ = false;
  std::size_t carried_ = 0;
  http::Time now_{std::chrono::hours(1)};
};

using Script = std::function<void(World&)>;

// Bodies are of one letter, the last of the target; so none of another message's may be in it.
inline void require_unmixed(const std::string& body, const std::string& letters) {
  if (body.find_first_not_of(letters) != std::string::npos)
    FAIL_CHECK("bytes of another message: " << body.substr(0, 200));
}

inline void require_clean_end(World& world) {
  world.lose_client();
  world.lose_origin();
  world.advance();
  CHECK_FALSE(world.supervisor.twice);
  CHECK(world.conversation().is_idle());
  CHECK(world.supervisor.recorded.size() == world.conversation().requests());
  CHECK(world.supervisor.recorded.size() >= world.supervisor.judged);
  for (std::size_t i = 0; i < world.origin().seen(); ++i) {
    const auto& got = world.origin().got(i);
    const auto line = got.head.substr(0, got.head.find('\n'));
    if (!line.empty()) require_unmixed(got.body, std::string(1, line.back()));
  }
}

// In every cutting, and with every mishap before every piece that is carried.
inline void run(const Script& script, Conditions how = {}) {
  INFO(how.pairing.name());
  std::size_t pieces = 0;
  for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{7}, std::size_t{1}}) {
    if (!how.small && piece < 1000) break;
    INFO("in pieces of " << piece);
    how.piece = piece;
    World world(how);
    script(world);
    require_clean_end(world);
    if (pieces == 0) pieces = world.carried();
  }
  how.piece = 1 << 20;
  for (const auto mishap :
       {Mishap::lose_client, Mishap::lose_origin, Mishap::end_client, Mishap::end_origin, Mishap::expire})
    for (how.at = 0; how.at < pieces; ++how.at) {
      INFO("mishap " << static_cast<int>(mishap) << " at " << how.at);
      how.mishap = mishap;
      World world(how);
      script(world);
      require_clean_end(world);
    }
}

inline void run_all(const Script& script, const Conditions& how = {}) {
  for (const auto& pairing : kPairings) {
    auto each = how;
    each.pairing = pairing;
    run(script, each);
  }
}

}  // namespace weir::test
