// /metrics in Prometheus' text format 0.0.4. Pure. Label values come from fixed lists, never from the network.
#pragma once

#include <string>
#include <vector>

#include "proxy/admin/gateway_view.hpp"
#include "proxy/admin/totals.hpp"

namespace weir::admin {

std::string metrics_text(const Status&, const Totals&, const KernelCounters&);

}  // namespace weir::admin
