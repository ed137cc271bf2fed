// The kernel's in-kernel MPTCP path manager of this network namespace, over generic netlink ("mptcp_pm").
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "policy/address.hpp"

namespace weir::kernel {

struct PathManagerLimits {
  std::uint32_t add_addr_accepted = 0;
  std::uint32_t subflows = 0;  // beyond a connection's first
  friend bool operator==(const PathManagerLimits&, const PathManagerLimits&) = default;
};

struct PathManagerEndpoint {
  std::uint8_t id = 0;  // chosen by the kernel on add
  policy::Address address;
  std::uint16_t port = 0;
  bool signal = false;
};

// Errors are one sentence for a person.
class PathManager {
 public:
  // Fails where the kernel has no MPTCP.
  static boost::system::result<PathManager, std::string> open();

  boost::system::result<PathManagerLimits, std::string> limits();
  boost::system::result<void, std::string> set_limits(const PathManagerLimits&);
  boost::system::result<std::vector<PathManagerEndpoint>, std::string> endpoints();
  boost::system::result<void, std::string> add_signal_endpoint(const policy::Address&, std::uint16_t port);
  boost::system::result<void, std::string> remove_endpoint(const PathManagerEndpoint&);

  PathManager(PathManager&&) noexcept;
  PathManager& operator=(PathManager&&) noexcept;
  ~PathManager();

 private:
  struct Impl;
  explicit PathManager(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::kernel
