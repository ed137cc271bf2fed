// The target of an HTTP/1 request (RFC 9112, 3.2). Pure.
#pragma once

#include "proxy/http/fault.hpp"
#include "proxy/http/message.hpp"

namespace weir::http {

// `target` is as it stood in the request line, `authority` the value of Host, if there was one. An absolute target
// becomes origin form, its scheme and authority go where they belong; CONNECT's target is the authority.
Fault take_target(Request&);

}  // namespace weir::http
