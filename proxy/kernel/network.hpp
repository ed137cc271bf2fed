// Everything weir changes in this network namespace: its nftables table, policy routes, sysctls, and the MPTCP path
// manager's limits and endpoints. Installed and removed as one; what was there before is put back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "proxy/kernel/ruleset.hpp"

namespace weir::kernel {

// Errors are one sentence for a person, with the remedy where there is one.
class Network {
 public:
  using Result = boost::system::result<void, std::string>;

  static boost::system::result<Network, std::string> open();

  // Installs, or replaces what an earlier run or an earlier configuration left: the table in one transaction. On an
  // error nothing of it stays.
  Result install(const Wanted&);
  // Removes everything and puts the sysctls, limits and endpoints back, also those of a run that was killed.
  // Fine when nothing is installed.
  Result remove();
  // Whether weir's table is there.
  bool installed();
  // Packets by the name of the table's counter.
  std::map<std::string, std::uint64_t> counters();

  // For `weir net show`: what is or would be installed, as nft, ip and sysctl would print it.
  std::string describe(const Wanted&);

  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

 private:
  struct Impl;
  explicit Network(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::kernel
