// A c-ares channel whose sockets and time-outs Asio watches.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/result.hpp>

#include "proxy/names/cares.hpp"
#include "proxy/names/resolver.hpp"

namespace weir::names {

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  // ARES_SUCCESS and a message with records, or c-ares's error. Called from inside c-ares, maybe from inside `ask`: it
  // must not end the channel. Never called by the channel's own end.
  using Reply = std::function<void(int status, std::span<const std::uint8_t> message)>;

  static boost::system::result<std::shared_ptr<Channel>, std::string> open(boost::asio::io_context&,
                                                                           const ResolverOptions&);
  explicit Channel(boost::asio::io_context&, std::uint32_t mark);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void ask(const std::string& name, int record_type, Reply);
  boost::asio::io_context& context() { return context_; }

 private:
  struct Socket;
  struct Library {
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    ~Library() { ares_library_cleanup(); }
  };
  struct Destroy {
    void operator()(ares_channel channel) const { ares_destroy(channel); }
  };

  int start(const ResolverOptions&);
  static void on_socket_state(void* self, ares_socket_t, int readable, int writable);
  void watch(ares_socket_t, bool readable, bool writable);
  void arm(const std::shared_ptr<Socket>&);
  void arm(const std::shared_ptr<Socket>&, int direction);
  void process(ares_socket_t readable, ares_socket_t writable);
  void arm_timer();

  boost::asio::io_context& context_;
  const std::uint32_t mark_;
  boost::asio::steady_timer timer_;
  std::map<ares_socket_t, std::shared_ptr<Socket>> sockets_;
  const Library library_;
  std::unique_ptr<std::remove_pointer_t<ares_channel>, Destroy>
      ares_;  // the first to go: it still tells of its sockets
};

}  // namespace weir::names
