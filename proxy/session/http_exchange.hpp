// A conversation (proxy/http) on a flow's two streams.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "proxy/http/conversation.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/relay/exchange.hpp"
#include "proxy/relay/resources.hpp"

namespace weir::session {

class HttpExchange final : public relay::Exchange {
 public:
  using Speaks = http::Conversation::Speaks;

  HttpExchange(relay::Resources&, http::ConversationSettings, std::unique_ptr<http::Supervisor>);

  // The streams outlive the exchange, or are its own.
  void meet_client(net::Stream&, Speaks);
  void meet_client(std::unique_ptr<net::Stream>, Speaks);
  void meet_upstream(net::Stream&, Speaks);
  // What the client said, and was read already.
  void begin_with(std::span<const std::uint8_t> first);
  // Makes the stream to the origin once the exchange has had it dialled; it speaks as the client does.
  void dials_by(std::function<std::unique_ptr<net::Stream>()> make_upstream) {
    make_upstream_ = std::move(make_upstream);
  }
  http::Conversation& conversation() { return conversation_; }

  Next step() override;
  void dialled() override;
  bool could_not_dial(const flow::End&) override;
  void abandon() override { conversation_.abandon(); }
  bool tick(std::chrono::steady_clock::time_point now) override { return conversation_.expire(now); }
  std::optional<flow::End> end() const override;
  bool has_told_client() const override;
  const std::optional<Failure>& failure() const override { return failure_; }
  std::uint64_t bytes_from_client() const override { return client_.received; }
  std::uint64_t bytes_to_client() const override { return client_.sent; }
  std::uint64_t bytes_spliced() const override { return 0; }
  bool client_finished() const override { return client_.ended; }

 private:
  // One of the two connections.
  struct Leg {
    flow::Side who;
    net::Stream* stream = nullptr;
    std::unique_ptr<net::Stream> owned{};
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    bool ended = false;     // nothing more will be read
    bool finished = false;  // nothing more will be written
    bool half = false;      // that was told, and reading goes on
  };

  bool turn();
  bool read(Leg&, http::Side&);
  bool write(Leg&, http::Side&);
  bool finish(Leg&, http::Side&, const Leg& other);
  void fail(Leg&);
  bool is_over();
  bool is_delivered();

  relay::Resources& resources_;
  std::unique_ptr<http::Supervisor> supervisor_;
  http::Conversation conversation_;
  std::function<std::unique_ptr<net::Stream>()> make_upstream_;
  Speaks speaks_ = Speaks::http1;
  Leg client_{.who = flow::Side::client};
  Leg upstream_{.who = flow::Side::upstream};
  std::optional<Failure> failure_;
};

}  // namespace weir::session
