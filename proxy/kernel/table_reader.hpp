// Reads weir's table by netlink. (libnftables would fetch every element of every set before it answers anything: a
// second with a hundred thousand prefixes.)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "proxy/kernel/ruleset.hpp"

namespace weir::kernel {

class TableReader {
 public:
  static boost::system::result<TableReader, std::string> open();

  // The comments of the rules of a chain; nothing where the table or the chain is not there.
  boost::system::result<std::optional<std::vector<std::string>>, std::string> comments(const std::string& chain);
  // Empty where there is no table.
  boost::system::result<TableInventory, std::string> inventory();
  // Packets by the name of the counter; empty where there is no table.
  std::map<std::string, std::uint64_t> counters();

  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;
  ~TableReader();

 private:
  struct Impl;
  explicit TableReader(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::kernel
