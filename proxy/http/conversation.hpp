// A flow's requests and responses: each request that the client's side reads is judged, goes upstream, and what comes
// back goes to the client. Streams, both ways, with no more held than the sides' windows. Pure: what it is given to ask
// and to tell is `Supervisor`.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/side.hpp"

namespace weir::http {

struct Verdict {
  enum class Kind : std::uint8_t {
    allow,
    refuse,  // with the page, and `status`
    reset,
  };
  Kind kind = Kind::allow;
  unsigned status = 403;
  std::string_view reason{};  // a sentence for the page; outlives the transaction
};

class Supervisor {
 public:
  virtual ~Supervisor() = default;
  virtual std::chrono::system_clock::time_point wall_time() const = 0;
  // Once for each request, when its head is whole; fills in the transaction's rule, edits and findings.
  virtual Verdict judge(Transaction&) = 0;
  // Once for each, when it is over.
  virtual void note_end(const Transaction&) = 0;
};

struct ConversationSettings {
  std::string flow;  // its id, as pages show it
  std::string_view scheme = "http";
  std::string client;  // its address, for Forwarded
  bool via = false;
  bool forwarded = false;
  bool removes_alternatives = false;    // Alt-Svc that names HTTP/3
  std::vector<std::string> upgrades{};  // in lower case
  Timeouts timeouts{};
  std::chrono::milliseconds stall_timeout{std::chrono::minutes(5)};
};

class Conversation {
 public:
  // Of 1xx responses to one request; more is an origin that means harm.
  static constexpr unsigned kMostInformational = 32;

  Conversation(ConversationSettings, Supervisor&);
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  enum class Speaks : std::uint8_t { http1, http2 };
  void meet_client(Speaks);
  // The origin is to be dialled: a request waits for it, or the client for what the origin's settings are (RFC 8441).
  bool needs_upstream() const {
    return upstream_ == nullptr && !refusal_ && (!queue_.empty() || client_->speaks_http2());
  }
  void meet_upstream(Speaks);
  // There is no origin to be had: what waits for it, or comes, is answered so, and the client's connection then ends.
  // False where nothing is to be answered.
  // `reason`: a literal.
  bool refuse_all(unsigned status, std::string_view reason);
  // The flow ends: what is on ends with it, and is put on record.
  void abandon();

  Side& client() { return *client_; }
  const Side& client() const { return *client_; }
  Side* upstream() { return upstream_.get(); }

  // Before bytes are received, and after they were received or written: what time it is, and on with whatever that
  // allows.
  void advance(Time now);
  // Ends what has taken too long; about once a second. True where something was done.
  bool expire(Time now);
  // The connection of a side broke: what is on is over, and what came before is still delivered.
  void lose_client();
  void lose_upstream();

  bool is_idle() const { return transactions_.live() == 0; }
  // The client reads no more, and has not for too long.
  bool is_stalled() const { return stalled_; }
  std::uint64_t requests() const { return requests_; }
  // What ended the flow, where it was not the two sides in order.
  struct Cause {
    enum class Kind : std::uint8_t { malformed, flood, timeout, reset };
    Kind kind;
    bool by_client = true;  // else by the origin
  };
  const std::optional<Cause>& cause() const { return cause_; }

 private:
  class ClientEvents;
  class UpstreamEvents;

  // Of the client's side.
  void begin_record(Transaction&);
  void take_request(Transaction&);
  void take_request_body(Transaction&, std::span<const std::uint8_t>);
  void take_request_end(Transaction&, const Fields& trailers);
  void client_cancelled(Transaction&, ErrorCode);
  void request_fault(Transaction&, Fault);
  void client_goes(ErrorCode);
  // Of the upstream side.
  void take_response(Transaction&);
  void take_response_body(Transaction&, std::span<const std::uint8_t>);
  void take_response_end(Transaction&, const Fields& trailers);
  void upstream_cancelled(Transaction&, ErrorCode);
  void response_fault(Transaction&, Fault);
  void upstream_goes(ErrorCode);

  void forward(Transaction&);
  void send_upstream(Transaction&);
  void begin_queued();
  void refuse_queued();
  void refuse(Transaction&);
  void answer(Transaction&, unsigned status, std::string_view reason);
  void reset(Transaction&);
  void drop_request(Transaction&);
  void settle(Transaction&);
  void put_on_record(Transaction&);
  void settle_connections();
  void prepare_request(Transaction&);
  void prepare_response(Transaction&);
  void edit_beside_response(const Transaction&, Fields&) const;
  bool may_upgrade(const Request&) const;
  bool client_has_unread();
  void rest();
  void blame(Cause::Kind, bool client);

  ConversationSettings settings_;
  Supervisor& supervisor_;
  Transactions transactions_;
  std::unique_ptr<Events> client_events_;
  std::unique_ptr<Events> upstream_events_;
  std::unique_ptr<Side> client_;
  std::unique_ptr<Side> upstream_;
  std::deque<Transaction*> queue_;  // judged, and not yet forwarded
  std::optional<Cause> cause_;
  struct Refusal {
    unsigned status;
    std::string_view reason;
  };
  std::optional<Refusal> refusal_;  // of every request
  std::uint64_t requests_ = 0;
  Time now_;
  Time client_took_;  // a body's bytes, last
  bool offered_extended_connect_ = false;
  bool stalled_ = false;
};

}  // namespace weir::http
