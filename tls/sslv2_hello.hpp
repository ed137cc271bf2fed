// The hello of SSL 2.0, which old clients also sent to offer SSL 3.0 and TLS (RFC 5246, E.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::tls {

constexpr std::size_t kSslv2HelloHeader = 11;  // bytes; enough to be sure

enum class Match : std::uint8_t { no, maybe, yes };  // maybe: as far as the bytes go

Match match_sslv2_hello(std::span<const std::uint8_t> first_bytes);

}  // namespace weir::tls
