// What weir.toml says, as typed values. Every default here is the documented one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "policy/rule.hpp"

namespace weir::conf {

enum class OnFailure { closed, open };
enum class UnknownJoins { direct, drop };
enum class QuicAction { reject, allow };
enum class OnUntrusted { block, mirror };
enum class TlsVersion { tls12, tls13 };
enum class Instead { passthrough, block };
enum class DomainFronting { allow, block };
enum class LogLevel { trace, debug, info, warn, error };

struct GatewaySettings {
  std::vector<std::string> client_interfaces;  // never empty once read
  std::vector<std::uint16_t> intercept_ports{80, 443};
  bool preserve_client_address = true;
  bool masquerade = false;
  OnFailure on_failure = OnFailure::closed;
  bool manage_network = true;
  unsigned workers = 0;  // 0: one per CPU
  std::chrono::milliseconds connect_timeout{std::chrono::seconds{10}};
  std::chrono::milliseconds peek_timeout{300};  // how long a flow's first bytes may take, where they decide
  std::chrono::milliseconds idle_timeout{std::chrono::minutes{5}};
  std::chrono::milliseconds drain_timeout{std::chrono::seconds{30}};
  std::size_t max_flows = 0;  // 0: from the descriptor limit
  std::string user;           // empty: the account `weir` if there is one
  bool fence = true;
  friend bool operator==(const GatewaySettings&, const GatewaySettings&) = default;
};

// An address of this gateway that clients are told of (ADD_ADDR, RFC 8684 3.4.1).
struct SignalledEndpoint {
  policy::Address address;
  std::uint16_t port = 0;  // 0: the connection's own port
  friend bool operator==(const SignalledEndpoint&, const SignalledEndpoint&) = default;
};

struct MptcpSettings {
  bool alert = false;
  unsigned max_subflows = 8;  // of one connection, its first included
  std::vector<SignalledEndpoint> endpoints;
  bool allow_join_initial_address = true;             // false: RFC 8684's C flag
  UnknownJoins unknown_joins = UnknownJoins::direct;  // a join to a connection that is not weir's
  friend bool operator==(const MptcpSettings&, const MptcpSettings&) = default;
};

struct QuicSettings {
  QuicAction action = QuicAction::reject;  // of UDP 443 from clients
  friend bool operator==(const QuicSettings&, const QuicSettings&) = default;
};

struct DnsSettings {
  std::vector<policy::Endpoint> servers;  // whom weir asks; empty: the system's
  std::vector<policy::Address> watch;     // whose answers to clients are looked at
  friend bool operator==(const DnsSettings&, const DnsSettings&) = default;
};

// What becomes of a flow that was to be decrypted and cannot be, by its cause.
struct Undecryptable {
  Instead client_certificate = Instead::passthrough;      // the origin asks for one
  Instead protocol = Instead::passthrough;                // a side speaks nothing from minimum_version on
  Instead encrypted_client_hello = Instead::passthrough;  // the client showed that it insists on its inner hello
  Instead not_tls = Instead::passthrough;
  friend bool operator==(const Undecryptable&, const Undecryptable&) = default;
};

// Whether flows are decrypted is the policy's.
struct TlsSettings {
  std::filesystem::path ca_certificate{"/var/lib/weir/ca.crt"};
  std::filesystem::path ca_key{"/var/lib/weir/ca.key"};
  std::string upstream_trust = "system";  // or a PEM file
  OnUntrusted on_untrusted_upstream = OnUntrusted::block;
  TlsVersion minimum_version = TlsVersion::tls12;
  Instead on_client_rejection = Instead::passthrough;
  std::chrono::milliseconds remember_rejection{std::chrono::hours{24}};  // 0: none
  Undecryptable undecryptable;
  std::chrono::milliseconds handshake_timeout{std::chrono::seconds{10}};  // of both sides together
  std::filesystem::path key_log;                                          // empty: off
  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

// How requests are read, plain ones and decrypted ones.
struct HttpSettings {
  DomainFronting domain_fronting = DomainFronting::allow;              // a request for another name than the SNI
  bool via = false;                                                    // adds Via (RFC 9110, 7.6.3)
  bool forwarded = false;                                              // adds Forwarded (RFC 7239)
  std::vector<std::string> upgrades{"websocket"};                      // what Upgrade may switch to, in lower case
  std::chrono::milliseconds header_timeout{std::chrono::seconds{10}};  // for a head that has begun
  std::chrono::milliseconds body_timeout{std::chrono::seconds{30}};    // for the next of a body of a told length
  friend bool operator==(const HttpSettings&, const HttpSettings&) = default;
};

struct AdminSettings {
  policy::Endpoint listen{policy::Address::v4(127, 0, 0, 1), 9080};
  std::filesystem::path token_file;  // empty: none; required off loopback
  friend bool operator==(const AdminSettings&, const AdminSettings&) = default;
};

struct LogSettings {
  LogLevel level = LogLevel::info;
  std::string flows = "stdout";  // a path, "stdout" or "off"
  std::string events = "off";    // a path, "stdout" or "off"
  std::string requests = "off";  // a path, "stdout" or "off"
  bool request_query = false;    // whether their URLs have the query
  friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

struct Settings {
  GatewaySettings gateway;
  MptcpSettings mptcp;
  TlsSettings tls;
  HttpSettings http;
  QuicSettings quic;
  DnsSettings dns;
  AdminSettings admin;
  LogSettings log;
  std::vector<std::filesystem::path> list_files;  // that entries of bypasses and rules name
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace weir::conf
