// What a flow teaches of what cannot be decrypted, and what is known of that for the next.
#pragma once

#include <optional>

#include "conf/settings.hpp"
#include "proxy/flow/tls_cause.hpp"

namespace weir::session {

struct Flow;

// By the configuration: what becomes of a flow that cannot be decrypted for that cause.
conf::Instead instead_of_decrypting(const conf::TlsSettings&, flow::TlsCause);
conf::Instead instead_of_decrypting(const Flow&, flow::TlsCause);

// Why this flow is not to be decrypted, if that is known already; nothing for a cause that the configuration has go on
// as if it were not known.
std::optional<flow::TlsCause> known_exception(const Flow&);

// Remembered for tls.remember_rejection, and announced if it is new. A client that refuses is only remembered where it
// is to be passed through.
void learn_exception(Flow&, flow::TlsCause);
// The client ended without a byte of application data.
void note_silent_close(Flow&);

}  // namespace weir::session
