// What a client says first (RFC 8446, 4.1.2; RFC 5246, 7.4.1.2), as it said it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tls/alert.hpp"
#include "tls/code_points.hpp"

namespace weir::tls {

// ALPN names in the client's order, kept as they are written (RFC 7301, 3.1: each behind its length, without the length
// of the whole), which is what SSL_set_alpn_protos(3) takes: thousands of short names cost no more than their bytes.
class ProtocolNameList {
 public:
  ProtocolNameList() = default;
  explicit ProtocolNameList(std::string wire) : wire_(std::move(wire)) {}  // well-formed

  bool empty() const { return wire_.empty(); }
  bool contains(std::string_view name) const;
  std::vector<std::string_view> names() const;  // into this object
  const std::string& wire() const { return wire_; }

  friend bool operator==(const ProtocolNameList&, const ProtocolNameList&) = default;

 private:
  std::string wire_;
};

// Owns all it holds, and holds no more bytes than were sent. Lists are in the client's order, without GREASE (RFC 8701;
// ALPN alone is left as sent). Names are the client's raw bytes, NUL and control characters included: whoever prints or
// matches them checks them first.
struct ClientHello {
  Version legacy_version{};  // what the client speaks at most, where there is no supported_versions
  std::array<std::uint8_t, 32> random{};
  std::vector<std::uint8_t> session_id;  // at most 32 bytes
  std::vector<CipherSuite> cipher_suites;
  std::vector<ExtensionType> extensions;  // all that came, known or not, each once

  std::optional<std::string> server_name;  // the host_name, never empty; absent: no server_name, or none of this type
  ProtocolNameList alpn;                   // empty: not sent
  std::optional<std::vector<Version>> supported_versions;  // present and empty: nothing but GREASE
  std::vector<NamedGroup> supported_groups;
  std::vector<NamedGroup> key_share_groups;  // those with a key; may be empty in a key_share that was sent
  std::vector<SignatureScheme> signature_algorithms;
  std::optional<std::uint16_t> record_size_limit;  // bytes
  bool encrypted_client_hello = false;  // this is an outer hello, or looks like one; server_name is the outer name

  std::size_t stream_bytes = 0;  // from the connection's first byte to the hello's last, record headers included

  bool has(ExtensionType) const;
  // The highest version offered that has a name (SSL 3.0 to TLS 1.3); nothing where there is none.
  std::optional<Version> highest_version() const;

  friend bool operator==(const ClientHello&, const ClientHello&) = default;
};

// The body of a ClientHello message (behind its handshake header), whole. Form only: whether an offer can be served,
// and what TLS 1.3 wants together (RFC 8446, 9.2), is for who answers it. After a refusal `hello` is half filled.
std::optional<Refusal> read_client_hello(std::span<const std::uint8_t> body, ClientHello& hello);

}  // namespace weir::tls
