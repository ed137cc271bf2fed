// What to tell a peer when its bytes are refused.
#pragma once

#include <cstdint>

namespace weir::tls {

// TLS alert descriptions (RFC 8446, 6; RFC 5246, 7.2), those that are sent.
enum class Alert : std::uint8_t {
  unexpected_message = 10,  // another message or record than may come here
  record_overflow = 22,     // a record longer than 2^14 bytes
  handshake_failure = 40,   // nothing that both sides take
  illegal_parameter = 47,   // well-formed, but forbidden or contradicting another field
  access_denied = 49,       // understood, and refused
  decode_error = 50,        // a length or a field outside its range
  protocol_version = 70,    // a version that is not spoken
};

struct Refusal {
  Alert alert = Alert::decode_error;
  const char* reason = "";  // a fixed text, never the peer's bytes

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

}  // namespace weir::tls
