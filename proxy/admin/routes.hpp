// Which path answers what.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/verb.hpp>

#include "proxy/admin/guard.hpp"
#include "proxy/admin/reply.hpp"
#include "proxy/admin/state.hpp"
#include "proxy/admin/target.hpp"

namespace weir::admin {

struct Call {
  State& state;
  const Target& target;
  std::string_view rest;  // what of the path the route leaves open
  std::string_view body;
  std::string peer;  // the caller's address
};

// What lives as long as the connection.
struct StreamCall {
  const std::shared_ptr<State>& state;
  boost::beast::tcp_stream& connection;
  const Request& request;
  const Target& target;
};

struct Route {
  std::string_view path;            // one that ends in '/' leaves the last segment open; empty: any of the page's
  boost::beast::http::verb method;  // `get` answers HEAD as well
  Kind kind;
  boost::asio::awaitable<Reply> (*answer)(Call);
  boost::asio::awaitable<void> (*stream)(StreamCall) =
      nullptr;  // in place of `answer`: the connection becomes a stream
};

struct Match {
  const Route* route = nullptr;  // of the method asked for; of another where the path does not take it
  std::string_view rest;
  bool takes_method = false;
  std::string allow;  // the path's methods, as the Allow field has them
};

// No route: nothing is at that path.
Match find_route(std::string_view path, boost::beast::http::verb);

}  // namespace weir::admin
