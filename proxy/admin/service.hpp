// The admin service: status page, API and metrics over HTTP/1.1, on the thread that runs its io_context.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>

#include "conf/settings.hpp"
#include "proxy/admin/gateway_view.hpp"
#include "proxy/admin/limits.hpp"

namespace weir::admin {

struct State;

class Service {
 public:
  // Both outlive the service.
  Service(boost::asio::io_context&, const conf::AdminSettings&, GatewayView&, const Limits& = {});
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Listens, or says in one sentence why not and what would help.
  boost::system::result<void, std::string> start();
  // Closes the listener and every connection.
  void stop();
  // Wakes the readers of events; the event is in `GatewayView::events_after` by now. On the service's thread.
  void announce(const flow::Event&);
  // How many read events or all that is live.
  std::size_t readers() const;
  // Where it listens: with port 0 in the settings, the port that the kernel chose.
  policy::Endpoint local() const;

 private:
  boost::system::result<void, std::string> listen();

  conf::AdminSettings settings_;
  std::shared_ptr<State> state_;
  std::shared_ptr<boost::asio::ip::tcp::acceptor> acceptor_;  // shared with the coroutine that accepts
};

}  // namespace weir::admin
