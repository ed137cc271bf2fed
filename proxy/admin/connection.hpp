// One HTTP/1.1 connection of the admin service: requests read one after another, each judged and answered.
#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "proxy/admin/state.hpp"

namespace weir::admin {

boost::asio::awaitable<void> serve(std::shared_ptr<State>, boost::asio::ip::tcp::socket);

}  // namespace weir::admin
