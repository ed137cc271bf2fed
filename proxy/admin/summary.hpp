// What all flows and requests since the start came to: /api/v1/summary. Pure.
#pragma once

#include <string>

#include "proxy/admin/gateway_view.hpp"

namespace weir::admin {

std::string summary_json(const Status&, const flow::TallyReport&, const KernelCounters&);

}  // namespace weir::admin
