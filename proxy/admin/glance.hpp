// What the service keeps for those who watch: samples always, status and summary while anybody does. One coroutine
// each, so that a hundred readers cost the gateway's workers no more than one.
#pragma once

#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>

#include "proxy/admin/state.hpp"

namespace weir::admin {

// The workers' tallies; none where one does not answer in time.
boost::asio::awaitable<std::optional<flow::TallyReport>> ask_tally(State&);

boost::asio::awaitable<void> keep_history(std::shared_ptr<State>);

// Made now where nobody watched before; ends by itself when the last reader has left.
void keep_glance(const std::shared_ptr<State>&);

}  // namespace weir::admin
