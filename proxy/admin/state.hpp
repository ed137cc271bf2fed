// What the connections of one service share. It lives as long as the last of them. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "proxy/admin/gateway_view.hpp"
#include "proxy/admin/limits.hpp"
#include "proxy/admin/token.hpp"

namespace weir::admin {

struct State {
  boost::asio::io_context& context;
  GatewayView& gateway;
  Limits limits;
  std::optional<Token> token{};
  std::set<boost::beast::tcp_stream*> open{};      // what `stop` closes
  std::size_t event_readers = 0;                   // connections that read events
  std::set<boost::asio::steady_timer*> waiting{};  // those of them that an event wakes
  std::size_t bytes_in_flight = 0;                 // of replies not yet taken by their readers
  bool stopped = false;
};

// Stands in `count` for as long as it lives.
class Counted {
 public:
  Counted(std::size_t& count, std::size_t by) : count_(count), by_(by) { count_ += by_; }
  ~Counted() { count_ -= by_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
  std::size_t by_;
};

}  // namespace weir::admin
