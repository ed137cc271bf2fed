#include "proxy/admin/summary.hpp"

#include <algorithm>
#include <tuple>

#include <boost/json.hpp>

#include "proxy/flow/safe_text.hpp"

namespace weir::admin {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostRules = 100;
constexpr std::size_t kMostDomains = 20;

// Most first; of those that are alike, by name, so that a page does not jump.
template <typename Count>
std::vector<std::pair<std::string, Count>> top(const flow::ByName<Count>& counts, std::size_t most) {
  std::vector<std::pair<std::string, Count>> all(counts.begin(), counts.end());
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::partial_sort(all.begin(), end, all.end(), [](const auto& a, const auto& b) {
    const auto weight = [](const auto& one) { return one.second.flows + one.second.requests; };
    return weight(a) != weight(b) ? weight(a) > weight(b) : a.first < b.first;
  });
  all.erase(end, all.end());
  return all;
}

json::object dispositions(const flow::TallyReport& tally, const KernelCounters& kernel) {
  json::object object;
  for (std::size_t i = 0; i < flow::kDispositions; ++i)
    object[flow::name(static_cast<flow::Disposition>(i))] = tally.ended[i] + tally.live[i];
  object[flow::name(flow::Disposition::direct)] = kernel.rule("direct");
  return object;
}

json::array subflows(const flow::TallyReport& tally) {
  json::array array;
  for (std::size_t i = 0; i < tally.subflows.size(); ++i)
    array.push_back({{"subflows", i + 1}, {"flows", tally.subflows[i]}});
  return array;
}

json::array rules(const flow::TallyReport& tally) {
  json::array array;
  for (const auto& [name, count] : top(tally.rules, kMostRules))
    array.push_back({{"rule", flow::safe_text(name, {})}, {"flows", count.flows}, {"requests", count.requests}});
  return array;
}

json::array domains(const flow::TallyReport& tally) {
  json::array array;
  for (const auto& [name, count] : top(tally.domains, kMostDomains))
    array.push_back({{"name", flow::safe_text(name, {})},
                     {"flows", count.flows},
                     {"requests", count.requests},
                     {"bytes_from_client", count.bytes_from_client},
                     {"bytes_to_client", count.bytes_to_client}});
  return array;
}

json::array ends(const flow::TallyReport& tally) {
  std::vector<std::tuple<std::uint64_t, flow::Stage, flow::Side, flow::Code>> all;
  for (std::size_t stage = 0; stage < flow::kStages; ++stage)
    for (std::size_t side = 0; side < flow::kSides; ++side)
      for (std::size_t code = 0; code < flow::kCodes; ++code)
        if (const auto flows = tally.ends[stage][side][code]; flows > 0)
          all.emplace_back(flows, static_cast<flow::Stage>(stage), static_cast<flow::Side>(side),
                           static_cast<flow::Code>(code));
  std::ranges::stable_sort(all, std::greater<>(), [](const auto& one) { return std::get<0>(one); });
  json::array array;
  for (const auto& [flows, stage, side, code] : all)
    array.push_back(
        {{"stage", flow::name(stage)}, {"side", flow::name(side)}, {"code", flow::name(code)}, {"flows", flows}});
  return array;
}

json::object kernel_object(const KernelCounters& kernel) {
  json::object syns;
  for (const auto* verdict : kSynVerdicts) syns[verdict] = kernel.rule(verdict);
  json::object mptcp;
  for (const auto& [name, value] : kernel.mptcp) mptcp[name] = value;
  return {{"syns", std::move(syns)}, {"quic_refused", kernel.rule("quic")}, {"mptcp", std::move(mptcp)}};
}

}  // namespace

std::string summary_json(const Status& status, const flow::TallyReport& tally, const KernelCounters& kernel) {
  json::array bypasses;
  for (std::size_t i = 0; i < status.bypasses.size(); ++i)
    bypasses.push_back({{"name", status.bypasses[i]}, {"syns", kernel.bypass(i)}});
  return json::serialize(json::object{{"dispositions", dispositions(tally, kernel)},
                                      {"subflows", subflows(tally)},
                                      {"rules", rules(tally)},
                                      {"bypasses", std::move(bypasses)},
                                      {"domains", domains(tally)},
                                      {"ends", ends(tally)},
                                      {"kernel", kernel_object(kernel)}}) +
         "\n";
}

}  // namespace weir::admin
