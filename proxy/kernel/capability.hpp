// The capabilities in effect for this thread.
#pragma once

namespace weir::kernel {

bool has_capability(unsigned capability);  // CAP_…, linux/capability.h
bool has_net_admin();

}  // namespace weir::kernel
