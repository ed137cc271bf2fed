// What is wrong with a message, by name. A message with a fault is never forwarded.
#pragma once

#include <cstdint>

namespace weir::http {

enum class Fault : std::uint8_t {
  none,
  line_ending,        // a CR or an LF by itself
  character,          // NUL or another control byte
  start_line,         // not three parts, each as RFC 9112, 3 and 4 have them
  version,            // neither HTTP/1.0 nor HTTP/1.1
  field_name,         // empty, no token, or followed by a space
  folding,            // a field over several lines (RFC 9112, 5.2)
  length,             // Content-Length that is not one number
  two_lengths,        // Content-Length twice, or with Transfer-Encoding (RFC 9112, 6.3)
  transfer_encoding,  // anything but one final chunked, or in HTTP/1.0 (RFC 9112, 6.1)
  connection,         // Connection that is no list of tokens (RFC 9110, 7.6.1)
  host,               // none, several, or none that can be a host (RFC 9112, 3.2)
  host_mismatch,      // Host says other than the target does
  target,             // neither of the forms of RFC 9112, 3.2
  chunk,              // a chunk's size or end (RFC 9112, 7.1)
  trailer,            // a trailer field that frames or routes (RFC 9110, 6.5.1)
  truncated,          // the connection ended inside it
  upgrade,            // 101 that was not asked for
  informational,      // more 1xx than anybody sends
  head_too_large,     // 431, as are the next two
  too_many_fields,
  extension_too_large,  // chunk extensions
  timeout,              // 408: the head or the body did not come in time
  connect,              // 405: CONNECT
};

const char* name(Fault);      // a word for records
const char* sentence(Fault);  // for the response's text
// The status that answers a request with this fault.
unsigned status_of(Fault);

}  // namespace weir::http
