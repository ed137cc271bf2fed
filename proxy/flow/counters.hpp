// Counters of one worker. Only that worker writes them; anyone may read. No shared cache line, no atomic
// read-modify-write: `add` is a plain load and a plain store, relaxed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "proxy/flow/end.hpp"
#include "proxy/flow/record.hpp"
#include "proxy/flow/request_record.hpp"
#include "proxy/flow/tls_cause.hpp"

namespace weir::flow {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void sub(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

inline constexpr std::size_t kStages = static_cast<std::size_t>(Stage::relay) + 1;
inline constexpr std::size_t kSides = static_cast<std::size_t>(Side::weir) + 1;
inline constexpr std::size_t kCodes = static_cast<std::size_t>(Code::failed) + 1;

inline constexpr std::size_t kResponseClasses = 5;  // 1xx to 5xx

struct alignas(64) Counters {
  Counter accepted[2];            // by Transport
  Counter live[2];                // by Transport; a gauge
  Counter ended[kSides][kCodes];  // flows that ended, by who and how
  Counter bytes_from_client;
  Counter bytes_to_client;
  Counter subflows_joined;  // MPTCP subflows beyond the first
  Counter subflows_closed;
  Counter fallbacks;                      // MPTCP connections that fell back to TCP after accept
  Counter accept_paused;                  // times accepting stopped for want of descriptors or for max_flows
  Counter relayed_by_splice;              // bytes
  Counter relayed_by_copy;                // bytes
  Counter tls_decrypted;                  // flows whose both handshakes were done
  Counter tls_resumed[2];                 // of those, by side: client, upstream
  Counter tls_untrusted;                  // origins whose certificate was not to be believed
  Counter tls_handshake_failed[2];        // by side
  Counter tls_not_decrypted[kTlsCauses];  // by cause
  Counter requests[kRequestEnds];         // HTTP requests that ended, by how
  Counter responses[kResponseClasses];    // to clients, by class: 1xx is the first
  Counter domain_fronting;                // requests for another name than their connection's SNI
  Counter records_dropped;                // of flows and requests, that could not be written in time
};

}  // namespace weir::flow
