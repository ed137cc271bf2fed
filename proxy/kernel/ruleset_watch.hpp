// Notices when somebody else changes the nftables ruleset (a firewall reload that flushes it, say): NFNLGRP_NFTABLES.
#pragma once

#include <memory>
#include <string>

#include <boost/system/result.hpp>

namespace weir::kernel {

class RulesetWatch {
 public:
  static boost::system::result<RulesetWatch, std::string> open();

  int descriptor() const;
  // Drains what is there; true where weir's own table was deleted by another process, or an overrun hides whether it
  // was. Changes made by this process do not count.
  bool read();

  RulesetWatch(RulesetWatch&&) noexcept;
  RulesetWatch& operator=(RulesetWatch&&) noexcept;
  ~RulesetWatch();

 private:
  struct Impl;
  explicit RulesetWatch(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::kernel
