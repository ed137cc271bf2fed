// Names resolved through c-ares on an io_context: never blocks, reads no hosts file, adds no search domain.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/system/result.hpp>

#include "policy/address.hpp"
#include "proxy/names/resolution.hpp"

namespace weir::names {

struct ResolverOptions {
  std::vector<policy::Endpoint> servers;    // empty: resolv.conf's, as it is when the resolver is opened
  std::chrono::milliseconds timeout{2000};  // for a server's answer; in each further round c-ares may wait longer
  int tries = 3;                            // rounds over the servers
  std::uint32_t mark = 0;                   // SO_MARK of its sockets, so that they are not intercepted; 0: none
};

class Channel;

// Everything here is called on the io_context's thread, which must outlive the resolver.
class Resolver {
 public:
  static boost::system::result<Resolver, std::string> open(boost::asio::io_context&, const ResolverOptions&);

  // Asks for A and AAAA, and calls `done` once from the io_context, never from inside this call. A truncated answer is
  // asked for again over TCP.
  void resolve(const std::string& name, std::function<void(Resolution)> done);

  // Ends what runs; nothing is called back after that. It may be destroyed by a `done` of its own.
  ~Resolver();
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;

 private:
  explicit Resolver(std::shared_ptr<Channel>);
  std::shared_ptr<Channel> channel_;
};

}  // namespace weir::names
