// The head of a request and of a response, whichever version of HTTP carries it, and how its body is delimited. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/fields.hpp"

namespace weir::http {

enum class Version : std::uint8_t { http1_0, http1_1, http2 };

// The content that follows a head (RFC 9112, 6; RFC 9113, 8.1).
struct Body {
  enum class Kind : std::uint8_t {
    none,
    sized,     // `size` bytes: Content-Length
    streamed,  // to an end of its own: chunked, until close, or END_STREAM
    tunnel,    // raw bytes both ways: after 101 (RFC 9110, 7.8), or 2xx to an extended CONNECT (RFC 8441)
  };
  Kind kind = Kind::none;
  std::uint64_t size = 0;
};

struct Request {
  std::string method;
  std::string scheme;     // "http" or "https"
  std::string authority;  // Host, :authority, or the authority of an absolute target; empty: none was given
  std::string target;     // path and query as they came, or "*"
  std::string protocol;   // :protocol of an extended CONNECT (RFC 8441, 4)
  Fields fields;          // without Host, which `authority` is
  Body body;
  Version version = Version::http1_1;
  bool keeps_alive = true;  // the sender will use the connection again
  std::string upgrade;      // HTTP/1: what Upgrade asks for, where Connection names it

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  void clear();
};

struct Response {
  unsigned status = 0;
  Fields fields;
  Body body;
  Version version = Version::http1_1;
  bool keeps_alive = true;
  std::string upgrade;  // HTTP/1, of a 101: what is spoken from here on

  bool is_informational() const { return status >= 100 && status < 200 && status != 101; }
  void clear();
};

// Fields that are about one connection and not about the message (RFC 9110, 7.6.1; RFC 9113, 8.2.2), those that
// Connection names among them, unless they bear the message (Host, Cookie, Content-Type…). What they say is in the
// structs above by then. Of TE stays `te: trailers`, if that was said: gRPC needs it.
void remove_connection_fields(Fields&);

// Not what frames, routes or authenticates a message, or says what its content is (RFC 9110, 6.5.1).
bool may_be_trailer(std::string_view name);

}  // namespace weir::http
