#include "tls/sslv2_hello.hpp"

#include "tls/cursor.hpp"

namespace weir::tls {
namespace {

// RFC 5246, E.2: session_id is 0 or 16 bytes, challenge 16 to 32.
constexpr std::size_t kFixedFields = 9;
constexpr std::size_t kShortest = kFixedFields + 3 + 16;

bool lengths_agree(std::size_t message, std::size_t cipher_specs, std::size_t session_id, std::size_t challenge) {
  return cipher_specs > 0 && cipher_specs % 3 == 0 && (session_id == 0 || session_id == 16) && challenge >= 16 &&
         challenge <= 32 && message == kFixedFields + cipher_specs + session_id + challenge;
}

}  // namespace

Match match_sslv2_hello(std::span<const std::uint8_t> bytes) {
  constexpr std::uint8_t kLengthBit = 0x80;
  constexpr std::uint8_t kClientHello = 1;
  const auto size = bytes.size();
  if (size > 0 && (bytes[0] & kLengthBit) == 0) return Match::no;
  if (size > 2 && bytes[2] != kClientHello) return Match::no;
  if (size > 3 && bytes[3] != 0 && bytes[3] != 3) return Match::no;
  if (size > 4 && bytes[3] == 0 && bytes[4] != 2) return Match::no;
  Cursor in(bytes);
  const std::size_t message = in.u16() & 0x7fffU;
  if (in.ok() && message < kShortest) return Match::no;
  if (size < kSslv2HelloHeader) return Match::maybe;
  in.bytes(3);
  const auto cipher_specs = in.u16();
  const auto session_id = in.u16();
  const auto challenge = in.u16();
  return lengths_agree(message, cipher_specs, session_id, challenge) ? Match::yes : Match::no;
}

}  // namespace weir::tls
