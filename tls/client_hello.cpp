#include "tls/client_hello.hpp"

#include <algorithm>

#include "tls/client_hello_extensions.hpp"
#include "tls/code_list.hpp"
#include "tls/cursor.hpp"

namespace weir::tls {
namespace {

using Bytes = std::span<const std::uint8_t>;
using Fault = std::optional<Refusal>;

constexpr std::size_t kMostSessionId = 32;

// Everything before the extensions.
Fault read_fields(Cursor& in, ClientHello& hello, Bytes& compression) {
  hello.legacy_version = Version{in.u16()};
  const auto random = in.bytes(hello.random.size());
  const auto session_id = in.vector8();
  const auto cipher_suites = in.vector16();
  compression = in.vector8().rest();
  if (!in.ok() || compression.empty()) return Refusal{Alert::decode_error, "the hello is cut short"};
  if (hello.legacy_version < Version::ssl3_0) return Refusal{Alert::protocol_version, "a version before SSL 3.0"};
  if (session_id.rest().size() > kMostSessionId) return Refusal{Alert::decode_error, "session_id is over 32 bytes"};
  std::ranges::copy(random, hello.random.begin());
  hello.session_id.assign(session_id.rest().begin(), session_id.rest().end());
  if (!read_codes(cipher_suites, hello.cipher_suites))
    return Refusal{Alert::decode_error, "cipher_suites is empty or of odd length"};
  return std::nullopt;
}

// RFC 5246, 7.4.1.2: "null" must be among the methods. RFC 8446, 4.1.2: with TLS 1.3 it is the only one.
Fault check_compression(Bytes methods, const ClientHello& hello) {
  const bool has_null = std::ranges::find(methods, 0) != methods.end();
  if (!has_null) return Refusal{Alert::illegal_parameter, "no null compression method"};
  if (methods.size() > 1 && hello.highest_version() == Version::tls1_3)
    return Refusal{Alert::illegal_parameter, "TLS 1.3 with a compression method"};
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> read_client_hello(Bytes body, ClientHello& hello) {
  Cursor in(body);
  Bytes compression;
  if (auto fault = read_fields(in, hello, compression)) return fault;
  // RFC 5246, 7.4.1.2: either nothing follows, as before TLS 1.2, or the extensions and nothing behind them.
  if (!in.empty()) {
    const auto extensions = in.vector16();
    if (!in.finished()) return Refusal{Alert::decode_error, "the extensions do not end where the hello does"};
    if (auto fault = read_extensions(extensions, hello)) return fault;
  }
  return check_compression(compression, hello);
}

bool ClientHello::has(ExtensionType type) const { return std::ranges::find(extensions, type) != extensions.end(); }

std::optional<Version> ClientHello::highest_version() const {
  // RFC 8446, 4.2.1: without the extension TLS 1.2 is the most, whatever legacy_version says.
  if (!supported_versions) return std::min(legacy_version, Version::tls1_2);
  std::optional<Version> highest;
  for (const auto version : *supported_versions)
    if (version >= Version::ssl3_0 && version <= Version::tls1_3 && (!highest || version > *highest)) highest = version;
  return highest;
}

std::vector<std::string_view> ProtocolNameList::names() const {
  std::vector<std::string_view> names;
  for (std::string_view left = wire_; !left.empty();) {
    const auto length = static_cast<std::uint8_t>(left.front());
    names.push_back(left.substr(1, length));
    left.remove_prefix(std::min(left.size(), std::size_t{length} + 1));
  }
  return names;
}

bool ProtocolNameList::contains(std::string_view name) const {
  for (std::string_view left = wire_; !left.empty();) {
    const auto length = static_cast<std::uint8_t>(left.front());
    if (left.substr(1, length) == name) return true;
    left.remove_prefix(std::min(left.size(), std::size_t{length} + 1));
  }
  return false;
}

}  // namespace weir::tls
