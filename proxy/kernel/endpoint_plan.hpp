// Which addresses weir signals, and what has to change for it. Pure.
#pragma once

#include <vector>

#include "conf/settings.hpp"
#include "proxy/kernel/path_manager.hpp"

namespace weir::kernel {

// The configured endpoints as the kernel can have them. For an endpoint with a port the kernel opens a listener of its
// own there, which fails (EADDRINUSE) where weir's listener has the port; without a port the join goes to the
// connection's own port, which is one weir listens on. So an intercepted port is left out.
std::vector<conf::SignalledEndpoint> wanted_endpoints(const conf::Settings&);

struct EndpointPlan {
  std::vector<PathManagerEndpoint> remove;
  std::vector<conf::SignalledEndpoint> add;
  std::vector<conf::SignalledEndpoint> owned;  // weir's once the plan is carried out; a user's own are not
};

EndpointPlan plan_endpoints(const std::vector<conf::SignalledEndpoint>& wanted,
                            const std::vector<conf::SignalledEndpoint>& owned,
                            const std::vector<PathManagerEndpoint>& present);

}  // namespace weir::kernel
