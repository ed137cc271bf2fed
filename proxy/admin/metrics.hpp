// /metrics in Prometheus' text format 0.0.4. Pure. Label values come from fixed lists, never from the network.
#pragma once

#include <optional>
#include <string>

#include "proxy/admin/gateway_view.hpp"
#include "proxy/admin/totals.hpp"

namespace weir::admin {

// `tally`: none where a worker did not tell it in time; its families are missing then.
std::string metrics_text(const Status&, const Totals&, const KernelCounters&, const std::optional<flow::TallyReport>&);

}  // namespace weir::admin
