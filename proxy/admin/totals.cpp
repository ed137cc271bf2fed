#include "proxy/admin/totals.hpp"

#include <numeric>

namespace weir::admin {

std::uint64_t Totals::all_ended() const {
  std::uint64_t all = 0;
  for (const auto& side : ended) all = std::accumulate(side.begin(), side.end(), all);
  return all;
}

Totals sum(const std::vector<const flow::Counters*>& workers) {
  Totals totals;
  for (const auto* worker : workers) {
    for (std::size_t i = 0; i < totals.accepted.size(); ++i) {
      totals.accepted[i] += worker->accepted[i].get();
      totals.live[i] += worker->live[i].get();
    }
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
  }
  return totals;
}

}  // namespace weir::admin
