// HTTP/1 messages as bytes (RFC 9112). Pure. What is given was read and checked, or made here.
#pragma once

#include <string>
#include <string_view>

#include "proxy/http/message.hpp"

namespace weir::http {

// How a body goes out.
enum class H1Framing : std::uint8_t { none, sized, chunked, until_close, tunnel };

// Appends the head. The framing field is written here and is not among `fields`: Content-Length for a body with a size,
// Transfer-Encoding for one without. Of the connection: Connection, Upgrade and TE, as the structs say.
H1Framing write_head(const Request&, std::string& out);
// `to_head`: it answers HEAD, so its Content-Length (or chunked) is only told. `client`: who reads it: HTTP/1.0 knows
// no chunks, so that a body without a size ends with the connection.
struct H1Reader {
  Version version = Version::http1_1;
  bool to_head = false;
};
H1Framing write_head(const Response&, const H1Reader& client, std::string& out);

void write_chunk_head(std::size_t size, std::string& out);  // size and CRLF; after its bytes comes kChunkEnd
inline constexpr std::string_view kChunkEnd = "\r\n";
void write_last_chunk(const Fields& trailers, std::string& out);

}  // namespace weir::http
