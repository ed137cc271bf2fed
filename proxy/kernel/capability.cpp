#include "proxy/kernel/capability.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

#include <linux/capability.h>

namespace weir::kernel {

bool has_capability(unsigned capability) {
  std::ifstream status("/proc/thread-self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("CapEff:")) return (std::strtoull(line.c_str() + 7, nullptr, 16) >> capability & 1) != 0;
  }
  return false;
}

bool has_net_admin() { return has_capability(CAP_NET_ADMIN); }

}  // namespace weir::kernel
