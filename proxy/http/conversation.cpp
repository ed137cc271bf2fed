#include "proxy/http/conversation.hpp"

#include <utility>

#include "proxy/http/h1_client_side.hpp"
#include "proxy/http/h1_server_side.hpp"
#include "proxy/http/h2_client_side.hpp"
#include "proxy/http/h2_server_side.hpp"

namespace weir::http {

class Conversation::ClientEvents final : public Events {
 public:
  explicit ClientEvents(Conversation& conversation) : it_(conversation) {}
  void head(Transaction& transaction) override { it_.take_request(transaction); }
  void body(Transaction& transaction, std::span<const std::uint8_t> bytes) override {
    it_.take_request_body(transaction, bytes);
  }
  void end(Transaction& transaction, const Fields& trailers) override { it_.take_request_end(transaction, trailers); }
  void drained(Transaction& transaction, std::size_t size) override {
    it_.client_took_ = it_.now_;
    if (!transaction.upstream_closed) it_.upstream_->consume(transaction, size);
  }
  void cancelled(Transaction& transaction, ErrorCode code) override { it_.client_cancelled(transaction, code); }
  void fault(Transaction& transaction, Fault fault) override { it_.request_fault(transaction, fault); }
  void going_away(ErrorCode code) override { it_.client_goes(code); }

 private:
  Conversation& it_;
};

class Conversation::UpstreamEvents final : public Events {
 public:
  explicit UpstreamEvents(Conversation& conversation) : it_(conversation) {}
  void head(Transaction& transaction) override { it_.take_response(transaction); }
  void body(Transaction& transaction, std::span<const std::uint8_t> bytes) override {
    it_.take_response_body(transaction, bytes);
  }
  void end(Transaction& transaction, const Fields& trailers) override { it_.take_response_end(transaction, trailers); }
  void drained(Transaction& transaction, std::size_t size) override {
    if (!transaction.client_closed) it_.client_->consume(transaction, size);
  }
  void cancelled(Transaction& transaction, ErrorCode code) override { it_.upstream_cancelled(transaction, code); }
  void fault(Transaction& transaction, Fault fault) override { it_.response_fault(transaction, fault); }
  void going_away(ErrorCode code) override { it_.upstream_goes(code); }

 private:
  Conversation& it_;
};

Conversation::Conversation(ConversationSettings settings, Supervisor& supervisor)
    : settings_(std::move(settings)),
      supervisor_(supervisor),
      client_events_(std::make_unique<ClientEvents>(*this)),
      upstream_events_(std::make_unique<UpstreamEvents>(*this)) {}

Conversation::~Conversation() = default;

void Conversation::meet_client(Speaks speaks) {
  if (speaks == Speaks::http2)
    client_ = std::make_unique<H2ServerSide>(transactions_, *client_events_);
  else
    client_ = std::make_unique<H1ServerSide>(transactions_, *client_events_);
}

void Conversation::meet_upstream(Speaks speaks) {
  if (speaks == Speaks::http2)
    upstream_ = std::make_unique<H2ClientSide>(transactions_, *upstream_events_);
  else
    upstream_ = std::make_unique<H1ClientSide>(*upstream_events_);
}

void Conversation::advance(Time now) {
  now_ = now;
  if (upstream_) upstream_->advance(now);
  begin_queued();
  client_->advance(now);
  begin_queued();
  settle_connections();
  transactions_.sweep();
}

// What one side's end means to the other.
void Conversation::settle_connections() {
  if (!upstream_) return;
  const auto closing = client_->closing();
  if ((closing == Wire::Closing::in_order || closing == Wire::Closing::abrupt) && !upstream_->is_going_away())
    upstream_->go_away(ErrorCode::no_error);
  if (upstream_->is_going_away() && !client_->is_going_away()) upstream_goes(ErrorCode::no_error);
  if (upstream_->takes_extended_connect() && !std::exchange(offered_extended_connect_, true))
    client_->offer_extended_connect();
}

void Conversation::settle(Transaction& transaction) {
  if (transaction.request_ended && transaction.response_ended) put_on_record(transaction);
}

void Conversation::put_on_record(Transaction& transaction) {
  if (std::exchange(transaction.ended, true)) return;
  transaction.last_byte = now_;
  supervisor_.note_end(transaction);
}

void Conversation::blame(Cause::Kind kind, bool client) {
  if (!cause_) cause_ = Cause{kind, client};
}

bool Conversation::client_has_unread() {
  if (!client_->output().empty()) return true;
  bool waits = false;
  transactions_.for_each([&](const Transaction& transaction) { waits = waits || transaction.to_client.size() > 0; });
  return waits;
}

// Gives back memory that nothing needs at the moment: a connection may stay idle for long, and a stream, too.
void Conversation::rest() {
  transactions_.for_each([](Transaction& transaction) {
    transaction.to_client.rest();
    transaction.to_upstream.rest();
  });
  if (transactions_.live() > 0) return;
  transactions_.rest();
  client_->rest();
  if (upstream_) upstream_->rest();
}

bool Conversation::expire(Time now) {
  now_ = now;
  rest();
  if (!client_has_unread() || client_took_ == Time{}) client_took_ = now;
  if (now - client_took_ >= settings_.stall_timeout) {
    blame(Cause::Kind::timeout, true);
    stalled_ = true;
    return true;
  }
  if (refusal_ && requests_ > 0 && is_idle() && !client_->is_going_away()) {
    client_->go_away(ErrorCode::no_error);
    return true;
  }
  return client_->expire(now, settings_.timeouts);
}

void Conversation::lose_client() { client_->lose(); }

void Conversation::lose_upstream() {
  if (!upstream_) return;
  upstream_->lose();
  refuse_queued();
}

}  // namespace weir::http
