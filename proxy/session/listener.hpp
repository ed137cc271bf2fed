// Accepts the connections to one intercepted port on one worker, and starts a flow for each. It pauses, instead of
// refusing or spinning, while there is no room for more flows or no descriptor to be had.
#pragma once

#include <cstdint>

#include "proxy/net/poller.hpp"

namespace weir::session {

class Worker;

class Listener {
 public:
  Listener(Worker&, std::uint16_t port);

  std::error_code open(net::Descriptor);
  std::uint16_t port() const { return port_; }
  // What waits in the kernel's queue is still accepted, as far as there is room; then the socket is closed.
  void close();
  bool is_closed() const { return ended_; }
  bool is_paused() const { return paused_; }
  void resume();  // there may be room again

 private:
  net::Awaitable<void> run();
  void accept_some();
  bool accept_one();
  void pause();

  Worker& worker_;
  net::Waiter waiter_;
  net::Watch watch_;
  std::uint16_t port_;
  bool paused_ = false;
  bool closing_ = false;
  bool ended_ = false;
};

}  // namespace weir::session
