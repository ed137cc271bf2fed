// One request and its response, while they pass: what is known of them, and the bytes of their bodies that the next
// side has not taken yet. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/header_edits.hpp"
#include "proxy/flow/request_record.hpp"
#include "proxy/http/fault.hpp"
#include "proxy/http/message.hpp"

namespace weir::http {

// Bytes of a body that wait for their reader, and whether the end is behind them.
class Waiting {
 public:
  void add(std::span<const std::uint8_t> bytes);
  void end(const Fields& trailers);
  std::span<const std::uint8_t> bytes() const;
  void take(std::size_t size);  // from the front
  void rest();                  // an empty one gives its memory back

  std::size_t size() const { return bytes_.size() - begin_; }
  bool ended() const { return ended_; }
  const Fields& trailers() const { return trailers_; }
  void clear();

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
  bool ended_ = false;
  Fields trailers_;
};

struct Transaction {
  using Time = std::chrono::steady_clock::time_point;

  void clear();  // for the next one; keeps memory
  bool is_over() const { return client_closed && upstream_closed; }
  // The client may hold its body back until it is asked for (RFC 9110, 10.1.1), so its time has not begun.
  bool awaits_continue() const { return expects_continue && request_bytes == 0 && informational == 0; }

  std::uint64_t stream = 0;  // HTTP/2: the client's stream id; HTTP/1: 1, 2, … on its connection
  Request request;
  Response response;

  // How far it has come.
  bool counted = false;       // among the flow's requests
  bool request_read = false;  // its head
  bool request_ended = false;
  bool response_read = false;   // the final one's head
  bool response_begun = false;  // its head went to the client
  bool response_ended = false;  // as the client was told
  bool forwarded = false;       // its head was given to the upstream side
  bool answered_here = false;   // by weir; what the client sends of its body is thrown away
  bool expects_continue = false;
  bool client_closed = false;   // the side has no more use of this object
  bool upstream_closed = true;  // false from `forwarded` on
  bool ended = false;           // it was put on record
  unsigned informational = 0;   // 1xx responses so far

  // Each belongs to the side that sends it.
  Waiting to_client;
  Waiting to_upstream;
  std::int32_t upstream_stream = 0;  // HTTP/2

  // HTTP/2, of the request's body: when it last moved on, and by how much it has since.
  Time moved_on;
  std::size_t moved = 0;

  // Of the verdict.
  std::string rule;
  const policy::HeaderEdits* edits = nullptr;  // null: none
  std::shared_ptr<const void> policy;          // what `edits` is part of
  std::string_view cause;                      // of a refusal that no rule asks for; a literal
  bool fronting = false;
  std::optional<bool> name_confirmed;

  // For the record.
  std::chrono::system_clock::time_point started;
  Time began;
  std::optional<Time> first_byte;
  Time last_byte;
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  flow::RequestEnd end = flow::RequestEnd::finished;
  Fault fault = Fault::none;
};

// Those of one flow. A transaction that is over is used again for the next.
class Transactions {
 public:
  Transaction& open(std::uint64_t stream);
  // Gives back those that are over. Not from within an event of theirs.
  void sweep();
  // Keeps none for the next.
  void rest() { idle_.clear(); }

  std::size_t live() const { return live_.size(); }
  template <typename Visit>
  void for_each(Visit visit) {
    // A visit may open none and end any; by index, for it may look at others.
    for (std::size_t i = 0; i < live_.size(); ++i) visit(*live_[i]);
  }

 private:
  static constexpr std::size_t kMostIdle = 32;  // as many streams as most clients have at once
  std::vector<std::unique_ptr<Transaction>> live_;
  std::vector<std::unique_ptr<Transaction>> idle_;
};

}  // namespace weir::http
