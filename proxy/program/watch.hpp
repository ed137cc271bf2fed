// `weir status --watch`
#pragma once

#include "proxy/program/gateway_call.hpp"

namespace weir::program {

// Until q or ^C on a terminal, until a signal elsewhere. Where weir is away it is waited for.
int watch_status(const GatewayCall&);

}  // namespace weir::program
