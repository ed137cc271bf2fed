// Why a flow that policy would decrypt is not decrypted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::flow {

enum class TlsCause : std::uint8_t {
  client_certificate,      // the origin asks for one
  protocol,                // a side speaks nothing from the minimum version on
  encrypted_client_hello,  // the client insists on its inner hello (alert ech_required)
  rejected,                // the client refuses weir's certificate, and said so by an alert
  closed,                  // the client closes without a word, again and again, while others go on
  not_tls,
};
inline constexpr std::size_t kTlsCauses = static_cast<std::size_t>(TlsCause::not_tls) + 1;

// A word for records, and a sentence.
const char* name(TlsCause);
const char* sentence(TlsCause);

}  // namespace weir::flow
