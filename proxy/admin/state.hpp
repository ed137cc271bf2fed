// What the connections of one service share. It lives as long as the last of them. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "proxy/admin/gateway_view.hpp"
#include "proxy/admin/history.hpp"
#include "proxy/admin/limits.hpp"
#include "proxy/admin/token.hpp"

namespace weir::admin {

// Status and summary as messages of a live stream, the same for all its readers.
struct Glance {
  std::string text;  // empty: none yet
  std::uint64_t number = 0;
  bool is_kept = false;  // somebody renews it
};

struct State {
  boost::asio::io_context& context;
  GatewayView& gateway;
  Limits limits;
  std::optional<Token> token{};
  std::set<boost::beast::tcp_stream*> open{};      // what `stop` closes
  std::size_t event_readers = 0;                   // connections that read events, or all that is live
  std::size_t live_readers = 0;                    // the latter
  std::set<boost::asio::steady_timer*> waiting{};  // readers that something new wakes
  std::set<boost::asio::steady_timer*> clocks{};   // of what goes on until the service stops
  History history{};
  Glance glance{};
  std::size_t bytes_in_flight = 0;  // of replies not yet taken by their readers
  bool stopped = false;

  void wake_readers() {
    for (auto* timer : waiting) timer->cancel();
  }
};

// Is in `list` for as long as it lives.
class Listed {
 public:
  using List = std::set<boost::asio::steady_timer*>;
  Listed(List& list, boost::asio::steady_timer* timer) : list_(list), place_(list.insert(timer).first) {}
  ~Listed() { list_.erase(place_); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  List& list_;
  List::iterator place_;
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
