// What this host offers and what would stop weir here. `weir doctor` prints all of it; `run` asks the same at start.
#pragma once

#include <string>
#include <vector>

#include "conf/settings.hpp"

namespace weir::kernel {

struct Finding {
  enum class Level { fine, warning, fatal } level = Level::fine;
  std::string name;    // "mptcp", "tproxy", "capabilities", "forwarding", "rp_filter", …: stable, for scripts
  std::string text;    // what is so, one line
  std::string remedy;  // what to do; empty where all is well
};

std::vector<Finding> probe_host(const conf::Settings&);

// IPPROTO_MPTCP sockets can be made here (kernel support and net.mptcp.enabled).
bool mptcp_available();

}  // namespace weir::kernel
