// Reads a running gateway's live stream for as long as it goes on.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "proxy/admin/client/client.hpp"
#include "proxy/admin/client/live_messages.hpp"

namespace weir::admin {

struct LiveEnd {
  std::string why;       // a sentence for the user
  bool is_final = true;  // it is of no use to ask again
};

boost::asio::awaitable<LiveEnd> read_live(boost::asio::io_context&, const Client&, LiveMessages&);

}  // namespace weir::admin
