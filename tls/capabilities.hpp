// What a client can do, by what its ClientHello offers. Pure.
#pragma once

#include "tls/client_hello.hpp"

namespace weir::tls {

// Whether it takes a server certificate with an ECDSA P-256 key, signed with SHA-256: for TLS 1.3 its signature
// algorithms say so (RFC 8446, 4.2.3), for TLS 1.2 its cipher suites and groups have to as well (RFC 8422, 2 and 5.1).
bool takes_ecdsa(const ClientHello&);

}  // namespace weir::tls
