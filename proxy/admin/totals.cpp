#include "proxy/admin/totals.hpp"

#include <numeric>

namespace weir::admin {
namespace {

template <std::size_t kSize>
void add(std::array<std::uint64_t, kSize>& totals, const flow::Counter (&counters)[kSize]) {
  for (std::size_t i = 0; i < kSize; ++i) totals[i] += counters[i].get();
}

void add_tls(Totals& totals, const flow::Counters& worker) {
  totals.tls_decrypted += worker.tls_decrypted.get();
  add(totals.tls_resumed, worker.tls_resumed);
  totals.tls_untrusted += worker.tls_untrusted.get();
  add(totals.tls_handshake_failed, worker.tls_handshake_failed);
  add(totals.tls_not_decrypted, worker.tls_not_decrypted);
}

void add_http(Totals& totals, const flow::Counters& worker) {
  add(totals.requests, worker.requests);
  add(totals.responses, worker.responses);
  totals.domain_fronting += worker.domain_fronting.get();
}

bool is_error(flow::Side side, flow::Code code) {
  using flow::Code;
  switch (code) {
    case Code::finished:
    case Code::idle:
    case Code::drained:
    case Code::blocked:
    case Code::denied: return false;
    case Code::reset: return side != flow::Side::client;
    default: return true;
  }
}

}  // namespace

std::uint64_t Totals::all_ended() const {
  std::uint64_t all = 0;
  for (const auto& side : ended) all = std::accumulate(side.begin(), side.end(), all);
  return all;
}

std::uint64_t Totals::errors() const {
  std::uint64_t all = 0;
  for (std::size_t side = 0; side < flow::kSides; ++side)
    for (std::size_t code = 0; code < flow::kCodes; ++code)
      if (is_error(static_cast<flow::Side>(side), static_cast<flow::Code>(code))) all += ended[side][code];
  return all;
}

Totals sum(const std::vector<const flow::Counters*>& workers) {
  Totals totals;
  for (const auto* worker : workers) {
    add(totals.accepted, worker->accepted);
    add(totals.live, worker->live);
    for (std::size_t side = 0; side < flow::kSides; ++side) {
      for (std::size_t code = 0; code < flow::kCodes; ++code) {
        totals.ended[side][code] += worker->ended[side][code].get();
      }
    }
    totals.bytes_from_client += worker->bytes_from_client.get();
    totals.bytes_to_client += worker->bytes_to_client.get();
    totals.subflows_joined += worker->subflows_joined.get();
    totals.subflows_closed += worker->subflows_closed.get();
    totals.fallbacks += worker->fallbacks.get();
    totals.accept_paused += worker->accept_paused.get();
    totals.relayed_by_splice += worker->relayed_by_splice.get();
    totals.relayed_by_copy += worker->relayed_by_copy.get();
    totals.records_dropped += worker->records_dropped.get();
    add_http(totals, *worker);
    add_tls(totals, *worker);
  }
  return totals;
}

}  // namespace weir::admin
