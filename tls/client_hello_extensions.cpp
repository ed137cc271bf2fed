#include "tls/client_hello_extensions.hpp"

#include <bitset>

#include "tls/code_list.hpp"

namespace weir::tls {
namespace {

using Fault = std::optional<Refusal>;

Refusal decode_error(const char* reason) { return {Alert::decode_error, reason}; }
Refusal illegal_parameter(const char* reason) { return {Alert::illegal_parameter, reason}; }

std::string text(Cursor bytes) { return {bytes.rest().begin(), bytes.rest().end()}; }

// RFC 6066, 3: at least one name, at most one of a type. Types to come start with a length of 16 bits, as host_name
// does.
Fault read_server_name(Cursor data, ClientHello& hello) {
  constexpr std::uint8_t kHostName = 0;
  auto list = data.vector16();
  if (!data.finished() || list.empty()) return decode_error("server_name: the list is empty or cut short");
  std::bitset<256> seen;
  while (!list.empty()) {
    const auto type = list.u8();
    const auto name = list.vector16();
    if (name.empty()) return decode_error("server_name: a name is empty or cut short");
    if (seen.test(type)) return illegal_parameter("server_name: two names of a type");
    seen.set(type);
    if (type == kHostName) hello.server_name = text(name);
  }
  return std::nullopt;
}

// RFC 7301, 3.1: at least one name, and none is empty.
Fault read_alpn(Cursor data, ClientHello& hello) {
  auto list = data.vector16();
  if (!data.finished() || list.empty()) return decode_error("ALPN: the list is empty or cut short");
  hello.alpn = ProtocolNameList(text(list));
  while (!list.empty())
    if (list.vector8().empty()) return decode_error("ALPN: a name is empty or cut short");
  return std::nullopt;
}

Fault read_supported_versions(Cursor data, ClientHello& hello) {
  const auto list = data.vector8();
  if (!data.finished() || !read_codes(list, hello.supported_versions.emplace()))
    return decode_error("supported_versions: the list is empty, of odd length or cut short");
  return std::nullopt;
}

Fault read_supported_groups(Cursor data, ClientHello& hello) {
  const auto list = data.vector16();
  if (!data.finished() || !read_codes(list, hello.supported_groups))
    return decode_error("supported_groups: the list is empty, of odd length or cut short");
  return std::nullopt;
}

Fault read_signature_algorithms(Cursor data, ClientHello& hello) {
  const auto list = data.vector16();
  if (!data.finished() || !read_codes(list, hello.signature_algorithms))
    return decode_error("signature_algorithms: the list is empty, of odd length or cut short");
  return std::nullopt;
}

// RFC 8446, 4.2.8: no share at all asks for a HelloRetryRequest; a share is never empty.
Fault read_key_share(Cursor data, ClientHello& hello) {
  auto shares = data.vector16();
  if (!data.finished()) return decode_error("key_share: cut short");
  while (!shares.empty()) {
    const auto group = shares.u16();
    if (shares.vector16().empty()) return decode_error("key_share: a share is empty or cut short");
    if (!is_grease(group)) hello.key_share_groups.push_back(NamedGroup{group});
  }
  return std::nullopt;
}

// RFC 8449, 4.
Fault read_record_size_limit(Cursor data, ClientHello& hello) {
  constexpr std::uint16_t kLeast = 64;
  const auto limit = data.u16();
  if (!data.finished()) return decode_error("record_size_limit: not two bytes");
  if (limit < kLeast) return illegal_parameter("record_size_limit: under 64 bytes");
  hello.record_size_limit = limit;
  return std::nullopt;
}

// RFC 9849, 5: an inner hello only says that it is one, and comes from the server that decrypted it.
Fault read_encrypted_client_hello(Cursor data, ClientHello& hello) {
  constexpr std::uint8_t kOuter = 0;
  const auto type = data.u8();
  if (!data.ok()) return decode_error("encrypted_client_hello: empty");
  hello.encrypted_client_hello = type == kOuter;
  return std::nullopt;
}

Fault read_extension(ExtensionType type, Cursor data, ClientHello& hello) {
  switch (type) {
    case ExtensionType::server_name: return read_server_name(data, hello);
    case ExtensionType::supported_groups: return read_supported_groups(data, hello);
    case ExtensionType::signature_algorithms: return read_signature_algorithms(data, hello);
    case ExtensionType::alpn: return read_alpn(data, hello);
    case ExtensionType::record_size_limit: return read_record_size_limit(data, hello);
    case ExtensionType::supported_versions: return read_supported_versions(data, hello);
    case ExtensionType::key_share: return read_key_share(data, hello);
    case ExtensionType::encrypted_client_hello: return read_encrypted_client_hello(data, hello);
    case ExtensionType::early_data:
    case ExtensionType::post_handshake_auth:
      return data.empty() ? Fault{} : decode_error("early_data or post_handshake_auth: not empty");
    case ExtensionType::session_ticket:  // that they are there is all there is to know: only the server can read them
    case ExtensionType::pre_shared_key: break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> read_extensions(Cursor list, ClientHello& hello) {
  constexpr std::size_t kUsually = 24;
  hello.extensions.reserve(kUsually);
  std::bitset<65536> seen;  // a hostile hello has thousands
  while (!list.empty()) {
    const auto type = list.u16();
    const auto data = list.vector16();
    if (!list.ok()) return decode_error("an extension is cut short");
    if (seen.test(type)) return illegal_parameter("an extension came twice");  // RFC 8446, 4.2
    seen.set(type);
    if (is_grease(type)) continue;
    hello.extensions.push_back(ExtensionType{type});
    if (auto fault = read_extension(ExtensionType{type}, data, hello)) return fault;
    if (ExtensionType{type} == ExtensionType::pre_shared_key && !list.empty())
      return illegal_parameter("pre_shared_key is not the last extension");  // RFC 8446, 4.2.11
  }
  return std::nullopt;
}

}  // namespace weir::tls
