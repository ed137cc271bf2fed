// Events as they come, as server-sent events (HTML Living Standard, 9.2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "proxy/admin/reply.hpp"
#include "proxy/admin/state.hpp"
#include "proxy/admin/target.hpp"

namespace weir::admin {

// Where a reader begins: after the event it names by Last-Event-ID (or ?after=), else with the next one. Pure.
// A sequence that was never reached is of a weir that ran before this one: then everything that is kept is new.
std::uint64_t first_cursor(const Request&, const Target&, std::uint64_t newest);

// The events as the stream's text; a comment first where some after `cursor` are no longer kept. Pure.
std::string event_text(const std::vector<flow::Event>&, std::uint64_t cursor);

// Sends the head and then every event, until the reader is gone, stops taking what it is sent, or the service ends.
// There is no queue a reader: each keeps the sequence it has come to, and the gateway's ring is everybody's backlog.
boost::asio::awaitable<void> stream_events(State&, boost::beast::tcp_stream&, std::uint64_t cursor);

}  // namespace weir::admin
