// /api/v1/live: all that a status page shows, as it changes. One stream a page.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "proxy/admin/routes.hpp"

namespace weir::admin {

boost::asio::awaitable<void> stream_live(StreamCall);

}  // namespace weir::admin
