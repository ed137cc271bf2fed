// What is new as it comes, as server-sent events (HTML Living Standard, 9.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "proxy/admin/reply.hpp"
#include "proxy/admin/routes.hpp"
#include "proxy/admin/state.hpp"
#include "proxy/admin/target.hpp"

namespace weir::admin {

// The event that a reader names by Last-Event-ID (or ?after=), to be sent what is later. Pure.
// A sequence that was never reached is of a weir that ran before this one: then everything that is kept is new.
std::optional<std::uint64_t> named_cursor(const Request&, const Target&, std::uint64_t newest);

std::uint64_t newest_event(GatewayView&);

// The events as the stream's text; a comment first where some after `cursor` are no longer kept. `type`: as browsers
// tell messages apart; empty: theirs. Pure.
std::string event_text(const std::vector<flow::Event>&, std::uint64_t cursor, std::string_view type = {});
// One message without an id; the JSON is one line. Pure.
std::string message(std::string_view type, std::string_view json);

// What one reader is told. There is no queue a reader: each keeps how far it has come, and takes what is there by now.
class News {
 public:
  virtual ~News() = default;
  virtual std::string take() = 0;  // messages that the reader has not had yet; empty: none
};

// Sends the head and then the news whenever readers are woken, until the reader is gone, stops taking what it is sent,
// or the service ends.
boost::asio::awaitable<void> stream(State&, boost::beast::tcp_stream&, News&);

// /api/v1/events: events from now on, or after the one that the reader names.
boost::asio::awaitable<void> stream_events(StreamCall);

}  // namespace weir::admin
