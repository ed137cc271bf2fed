#include "proxy/flow/tally.hpp"

#include <algorithm>

namespace weir::flow {
namespace {

constexpr std::size_t kMostRules = 4096;  // their names are the configuration's, and those of reloads come to them

template <std::size_t kSize>
void add(std::array<std::uint64_t, kSize>& sums, const std::array<std::uint64_t, kSize>& more) {
  for (std::size_t i = 0; i < kSize; ++i) sums[i] += more[i];
}

}  // namespace

void Tally::flow_ended(const Record& record) {
  ++sums_.ended[static_cast<std::size_t>(record.disposition)];
  if (record.transport == Transport::mptcp)
    ++sums_.subflows[std::clamp<std::size_t>(record.subflows, 1, kMostSubflows) - 1];
  if (record.end) {
    const auto& [stage, side, code, error] = *record.end;
    ++sums_.ends[static_cast<std::size_t>(stage)][static_cast<std::size_t>(side)][static_cast<std::size_t>(code)];
  }
  if (auto* count = rule(record.rule)) ++count->flows;
  if (!record.domain.empty())
    domains_.add(
        record.domain,
        {.flows = 1, .bytes_from_client = record.bytes_from_client, .bytes_to_client = record.bytes_to_client});
}

void Tally::request_ended(std::string_view domain, std::string_view rule_name) {
  if (auto* count = rule(rule_name)) ++count->requests;
  if (!domain.empty()) domains_.add(domain, {.requests = 1});
}

RuleCount* Tally::rule(std::string_view name) {
  if (name.empty()) return nullptr;
  const auto found = sums_.rules.find(name);
  if (found != sums_.rules.end()) return &found->second;
  return sums_.rules.size() < kMostRules ? &sums_.rules[std::string(name)] : nullptr;
}

TallyReport Tally::report() const {
  auto report = sums_;
  report.domains = domains_.counts();
  return report;
}

TallyReport& TallyReport::operator+=(const TallyReport& other) {
  add(ended, other.ended);
  add(live, other.live);
  add(subflows, other.subflows);
  for (std::size_t stage = 0; stage < kStages; ++stage)
    for (std::size_t side = 0; side < kSides; ++side) add(ends[stage][side], other.ends[stage][side]);
  for (const auto& [name, count] : other.rules) {
    auto& sum = rules[name];
    sum.flows += count.flows;
    sum.requests += count.requests;
  }
  for (const auto& [name, count] : other.domains) domains[name] += count;
  return *this;
}

}  // namespace weir::flow
