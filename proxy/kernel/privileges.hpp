// What weir may do once it runs: two capabilities, and no way to more.
#pragma once

#include <optional>
#include <string>

#include "proxy/kernel/account.hpp"

namespace weir::kernel {

// Becomes the account, if there is one, and keeps of its capabilities those that weir needs. The rest is for this
// thread and those it starts later: call it before there are others.
boost::system::result<void, std::string> give_up_privileges(const std::optional<Account>&);

// Those in effect, as "CAP_NET_ADMIN, CAP_NET_BIND_SERVICE" or "no capability".
std::string capabilities_in_effect();

}  // namespace weir::kernel
