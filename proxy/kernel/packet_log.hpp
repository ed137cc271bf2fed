// Packets that a `log group` statement of the ruleset hands over by NFLOG.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace weir::kernel {

class PacketLog {
 public:
  // Of each packet the first `copied` bytes. `purpose` stands in the error: the option that asks for it.
  static boost::system::result<PacketLog, std::string> open(std::uint16_t nflog_group, std::uint32_t copied,
                                                            const std::string& purpose);

  int descriptor() const;
  struct Batch {
    std::vector<std::vector<std::uint8_t>> packets;  // from their IP header
    bool overrun = false;                            // the kernel dropped some
  };
  Batch read();  // everything that is there now; never blocks

  PacketLog(PacketLog&&) noexcept;
  PacketLog& operator=(PacketLog&&) noexcept;
  ~PacketLog();

 private:
  struct Impl;
  explicit PacketLog(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::kernel
