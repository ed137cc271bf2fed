// SYNs that carry option 30, as the ruleset's `log group` statement hands them over by NFLOG
// (mptcp.alert; Cisco IPS signature 1306/0).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "policy/address.hpp"

namespace weir::kernel {

struct MptcpSyn {
  enum class Subtype : std::uint8_t { capable, join, other } subtype = Subtype::other;  // RFC 8684 3.1, 3.2
  policy::Endpoint client;
  policy::Endpoint destination;
  std::uint32_t token = 0;  // MP_JOIN: the receiver's token, host order
};

// An IPv4 or IPv6 packet from its first byte. Pure; nothing where it is not a SYN with option 30, or is cut short.
std::optional<MptcpSyn> parse_mptcp_syn(std::span<const std::uint8_t> packet);

class SynAlerts {
 public:
  static boost::system::result<SynAlerts, std::string> open(std::uint16_t nflog_group);

  int descriptor() const;
  struct Batch {
    std::vector<MptcpSyn> syns;
    bool overrun = false;
  };
  Batch read();  // everything that is there now; never blocks

  SynAlerts(SynAlerts&&) noexcept;
  SynAlerts& operator=(SynAlerts&&) noexcept;
  ~SynAlerts();

 private:
  struct Impl;
  explicit SynAlerts(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::kernel
