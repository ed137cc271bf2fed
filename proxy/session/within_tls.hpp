// What a decrypted flow speaks, where no protocol was agreed on by ALPN.
#pragma once

#include "proxy/net/poller.hpp"
#include "proxy/session/first_look.hpp"

namespace weir::session {

struct Flow;

// What the client's first words within TLS tell; opaque where they do not come, for a server may speak first. What
// begins as a request and does not go on is one, and is answered so. `look` has the words.
net::Awaitable<detect::Protocol> look_within_tls(Flow&, FirstLook& look);

}  // namespace weir::session
