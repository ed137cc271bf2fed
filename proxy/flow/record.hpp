// What is known of one flow: it grows while the flow lives and is written out once when it ends.
// Pure: no sockets, no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/facts.hpp"
#include "proxy/flow/end.hpp"

namespace weir::flow {

// Three endpoints that must never be mixed up.
struct ClientEndpoint : policy::Endpoint {};
struct OriginalDestination : policy::Endpoint {};
struct UpstreamLocal : policy::Endpoint {};  // the address weir dialled from

using policy::Transport;
enum class Disposition : std::uint8_t { direct, splice, inspect, decrypt, block, reset };

// One subflow of the client's MPTCP connection, seen from weir: local is the original destination's side.
struct Path {
  policy::Endpoint client;
  policy::Endpoint local;
  std::uint64_t bytes_from_client = 0;  // as last read from the kernel; what moved after that is not in it
  std::uint64_t bytes_to_client = 0;
  std::chrono::microseconds round_trip{0};
  std::uint32_t retransmissions = 0;  // segments, total
  bool backup = false;
  bool live = true;
  std::string end;  // why it ended, e.g. "closed", "reset: lack of resources"; empty while live
};

// TLS on one side of a flow, as it was agreed on.
struct TlsLeg {
  std::string version;  // "TLSv1.3"
  std::string cipher;
  std::string group;  // of the key exchange; empty where there was none
  bool resumed = false;
};

// Of a flow that was to be decrypted.
struct TlsRecord {
  std::optional<TlsLeg> client;
  std::optional<TlsLeg> upstream;
  std::string alpn;                  // agreed on with both; empty: none
  std::string not_decrypted;         // why it went on unread or was blocked: "client_certificate", "rejected", …
  std::vector<std::string> faults;   // of the origin's certificate: "expired", …
  std::string detail;                // the first fault, or how a handshake failed, in words
  bool leaf_mirrors_faults = false;  // the client was shown a leaf it is to find fault with
  std::optional<Side> truncated;     // the side that ended without close_notify
};

struct Record {
  std::uint64_t id = 0;
  std::chrono::system_clock::time_point started;
  std::chrono::milliseconds duration{0};
  ClientEndpoint client;
  OriginalDestination destination;
  Transport transport = Transport::tcp;
  Disposition disposition = Disposition::splice;
  std::string rule;    // who decided: "ads", "bypass media"; empty: the defaults
  std::string domain;  // SNI, or Host where there is none; as it is compared, or as it came where it is no name
  std::vector<std::string> alpn_offered;  // by the client's ClientHello
  bool encrypted_client_hello = false;    // `domain` is the outer name then
  std::shared_ptr<const TlsRecord> tls;   // of a flow that was to be decrypted; replaced when more is known
  unsigned subflows = 1;                  // most seen at once
  unsigned subflows_now = 1;              // live view only
  std::vector<Path> paths;                // MPTCP only
  std::uint64_t paths_left_out = 0;       // more that ended, before those
  std::optional<std::uint32_t> token;     // MPTCP connection token, host order
  bool fallback = false;                  // negotiated MPTCP, then fell back to TCP (RFC 8684 3.7)
  std::optional<UpstreamLocal> upstream_from;
  std::optional<std::chrono::microseconds> connect_time;
  std::uint64_t requests = 0;  // HTTP requests that were judged
  std::uint64_t bytes_from_client = 0;
  std::uint64_t bytes_to_client = 0;
  std::chrono::milliseconds idle{0};  // live view only
  std::optional<End> end;             // set once the flow is over

  bool reads_requests() const {
    return disposition == Disposition::inspect || disposition == Disposition::decrypt || requests > 0;
  }
};

// The id as users see and type it: 16 hexadecimal digits.
std::string id_text(std::uint64_t id);
std::optional<std::uint64_t> parse_id(std::string_view text);

const char* name(Transport);
const char* name(Disposition);

// One JSON object on one line, without the newline: the flow's record (interface: "A flow's record").
std::string to_json(const Record&);

}  // namespace weir::flow
