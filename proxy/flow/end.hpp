// How a flow ended: every end has a name. Stage, side and code are fixed lists; users grep for them.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

namespace weir::flow {

// How far the flow had come.
enum class Stage : std::uint8_t {
  accept,     // before anything was known
  classify,   // while its first bytes were looked at, or by what they said
  connect,    // while dialling
  handshake,  // while TLS was set up on either side
  relay,      // while relaying
};

// Who ended it.
enum class Side : std::uint8_t { client, upstream, weir };

enum class Code : std::uint8_t {
  finished,         // both directions closed in order
  reset,            // a reset from that side
  refused,          // upstream refused the connection
  unreachable,      // no route, or an ICMP error
  timeout,          // not answered within gateway.connect_timeout
  idle,             // nothing moved for gateway.idle_timeout
  drained,          // still open when gateway.drain_timeout ran out, or a second SIGTERM came
  limit,            // gateway.max_flows, the descriptor limit, or half-open handshakes of one client
  blocked,          // policy says so, and the client was told
  denied,           // policy says reset
  flood,            // more frames of no use than any client sends
  malformed,        // began as TLS or HTTP, and was then neither
  untrusted,        // the origin's certificate is not to be believed
  rejected,         // the client refuses weir's certificate
  undecryptable,    // policy blocks what cannot be decrypted; the record's tls says why it cannot
  tls,              // a TLS error: an alert, a handshake or a record that is not what it must be
  not_intercepted,  // arrived at the listener without TPROXY: its destination is this host itself
  lost,             // the peer stopped answering (kernel time-out)
  failed,           // any other system error; see the record's "error"
};

struct End {
  Stage stage = Stage::relay;
  Side side = Side::weir;
  Code code = Code::failed;
  std::error_code error;  // the system's own word, where there is one
};

// The code a system error on a socket of one side stands for. An ICMP error or a firewall's refusal is unreachable.
Code code_of(const std::error_code&);

const char* name(Stage);
const char* name(Side);
const char* name(Code);

}  // namespace weir::flow
