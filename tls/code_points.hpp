// The numbers of a hello (IANA, "TLS Parameters") as types that cannot be mixed up. Any value of 16 bits can arrive, so
// only those that are spoken of have a name.
#pragma once

#include <cstdint>

namespace weir::tls {

enum class Version : std::uint16_t { ssl3_0 = 0x0300, tls1_0 = 0x0301, tls1_1, tls1_2, tls1_3 };
enum class CipherSuite : std::uint16_t {};
enum class NamedGroup : std::uint16_t {};
enum class SignatureScheme : std::uint16_t {};

enum class ExtensionType : std::uint16_t {
  server_name = 0,                  // RFC 6066, 3
  supported_groups = 10,            // RFC 8446, 4.2.7
  signature_algorithms = 13,        // RFC 8446, 4.2.3
  alpn = 16,                        // RFC 7301
  record_size_limit = 28,           // RFC 8449
  session_ticket = 35,              // RFC 5077
  pre_shared_key = 41,              // RFC 8446, 4.2.11
  early_data = 42,                  // RFC 8446, 4.2.10
  supported_versions = 43,          // RFC 8446, 4.2.1
  post_handshake_auth = 49,         // RFC 8446, 4.2.6
  key_share = 51,                   // RFC 8446, 4.2.8
  encrypted_client_hello = 0xfe0d,  // RFC 9849, 5
};

// RFC 8701, 2: 0x0a0a, 0x1a1a, … 0xfafa mean nothing; clients send them so that servers go on ignoring the unknown.
constexpr bool is_grease(std::uint16_t code) { return (code & 0x0f) == 0x0a && (code >> 8) == (code & 0xff); }

}  // namespace weir::tls
