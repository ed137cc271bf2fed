// The workers' counters summed: what status and metrics show.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "proxy/flow/counters.hpp"

namespace weir::admin {

struct Totals {
  std::array<std::uint64_t, 2> accepted{};  // by Transport
  std::array<std::uint64_t, 2> live{};      // by Transport
  std::array<std::array<std::uint64_t, flow::kCodes>, flow::kSides> ended{};
  std::uint64_t bytes_from_client = 0;
  std::uint64_t bytes_to_client = 0;
  std::uint64_t subflows_joined = 0;
  std::uint64_t subflows_closed = 0;
  std::uint64_t fallbacks = 0;
  std::uint64_t accept_paused = 0;
  std::uint64_t relayed_by_splice = 0;
  std::uint64_t relayed_by_copy = 0;
  std::uint64_t records_dropped = 0;
  std::array<std::uint64_t, flow::kRequestEnds> requests{};
  std::array<std::uint64_t, flow::kResponseClasses> responses{};
  std::uint64_t domain_fronting = 0;
  std::uint64_t tls_decrypted = 0;
  std::array<std::uint64_t, 2> tls_resumed{};  // by Side: client, upstream
  std::uint64_t tls_untrusted = 0;
  std::array<std::uint64_t, 2> tls_handshake_failed{};              // by Side: client, upstream
  std::array<std::uint64_t, flow::kTlsCauses> tls_not_decrypted{};  // by cause

  std::uint64_t all_ended() const;
  // Flows that ended otherwise than in order, for want of use, by policy, by a drain, or by a reset of the client's.
  std::uint64_t errors() const;
};

Totals sum(const std::vector<const flow::Counters*>& workers);

}  // namespace weir::admin
