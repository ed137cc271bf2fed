// What weir changes of a message's fields on its way, beyond those of the connection. Pure.
#pragma once

#include <string>
#include <string_view>

#include "policy/header_edits.hpp"
#include "proxy/http/message.hpp"

namespace weir::http {

void edit(Request&, const policy::HeaderEdits&);
void edit(Response&, const policy::HeaderEdits&);
// What is set or removed in the head is not to come beside it: of trailers, and of 1xx responses.
void edit_request_trailers(Fields&, const policy::HeaderEdits&);
void edit_beside_response(Fields&, const policy::HeaderEdits&);

// Alternatives that are HTTP/3, for clients are to come by TCP (RFC 7838, 3).
void remove_http3_alternatives(Fields&);

// RFC 9110, 7.6.3: `received` is the version of the message.
void add_via(Fields&, Version received);
// RFC 7239: whom the request is from, and by what scheme, which is the connection's, whatever the request says.
void add_forwarded(Request&, std::string_view client, std::string_view scheme);

// HTTP/2 may cut Cookie into several fields, HTTP/1 may not (RFC 9113, 8.2.3).
void join_cookies(Fields&);

}  // namespace weir::http
