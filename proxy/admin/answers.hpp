// The routes' answers: each asks the gateway and shows what it says.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "proxy/admin/reply.hpp"
#include "proxy/admin/routes.hpp"

namespace weir::admin {

boost::asio::awaitable<Reply> answer_health(Call);
boost::asio::awaitable<Reply> answer_readiness(Call);
boost::asio::awaitable<Reply> answer_metrics(Call);
boost::asio::awaitable<Reply> answer_status(Call);
boost::asio::awaitable<Reply> answer_history(Call);
boost::asio::awaitable<Reply> answer_summary(Call);
boost::asio::awaitable<Reply> answer_flows(Call);
boost::asio::awaitable<Reply> answer_flow(Call);
boost::asio::awaitable<Reply> answer_bypass(Call);
boost::asio::awaitable<Reply> answer_bypass_add(Call);
boost::asio::awaitable<Reply> answer_bypass_remove(Call);
boost::asio::awaitable<Reply> answer_exceptions(Call);
boost::asio::awaitable<Reply> answer_exceptions_remove(Call);
boost::asio::awaitable<Reply> answer_ca(Call);
boost::asio::awaitable<Reply> answer_explain(Call);
boost::asio::awaitable<Reply> answer_joins(Call);
boost::asio::awaitable<Reply> answer_reload(Call);
boost::asio::awaitable<Reply> answer_drain(Call);
boost::asio::awaitable<Reply> answer_page(Call);

}  // namespace weir::admin
