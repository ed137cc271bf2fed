// The life of a flow that policy decrypts: the origin's handshake, the leaf, the client's handshake, the relay.
#pragma once

#include "policy/policy.hpp"
#include "proxy/flow/end.hpp"
#include "proxy/net/poller.hpp"

namespace weir::session {

struct Flow;

// Not dialled yet. What cannot be decrypted goes on unread, or is blocked, as the configuration says, and as the policy
// has it for what is `unread`.
net::Awaitable<flow::End> decrypt(Flow&, const policy::Decision& unread);

}  // namespace weir::session
