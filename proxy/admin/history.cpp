#include "proxy/admin/history.hpp"

#include <algorithm>
#include <numeric>

#include <boost/json.hpp>

#include "proxy/admin/views.hpp"
#include "proxy/flow/time_text.hpp"

namespace weir::admin {
namespace {

namespace json = boost::json;

std::uint64_t all(const auto& counts) { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

Sample difference(std::chrono::system_clock::time_point at, const Totals& from, const Totals& to) {
  Sample sample{.at = at, .live = to.live};
  for (std::size_t i = 0; i < to.accepted.size(); ++i) sample.accepted[i] = to.accepted[i] - from.accepted[i];
  sample.bytes_from_client = to.bytes_from_client - from.bytes_from_client;
  sample.bytes_to_client = to.bytes_to_client - from.bytes_to_client;
  sample.requests = all(to.requests) - all(from.requests);
  sample.errors = to.errors() - from.errors();
  sample.subflows_joined = to.subflows_joined - from.subflows_joined;
  return sample;
}

json::object object_of(const Sample& sample) {
  return {{"at", flow::time_text(sample.at)},
          {"flows_live", by_transport(sample.live)},
          {"flows_accepted", by_transport(sample.accepted)},
          {"bytes_from_client", sample.bytes_from_client},
          {"bytes_to_client", sample.bytes_to_client},
          {"requests", sample.requests},
          {"errors", sample.errors},
          {"subflows_joined", sample.subflows_joined}};
}

}  // namespace

void History::add(std::chrono::system_clock::time_point at, const Totals& totals) {
  if (begun_) {
    samples_.push_back(difference(at, last_, totals));
    ++count_;
    if (samples_.size() > most_) samples_.pop_front();
  }
  begun_ = true;
  last_ = totals;
}

std::vector<Sample> History::after(std::uint64_t count) const {
  const auto fresh = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(count_ - count, samples_.size()));
  return {samples_.end() - fresh, samples_.end()};
}

std::string sample_json(const Sample& sample) { return json::serialize(object_of(sample)); }

std::string history_json(const History& history, std::chrono::seconds interval) {
  json::array samples;
  for (const auto& sample : history.samples()) samples.push_back(object_of(sample));
  return json::serialize(json::object{{"interval_s", interval.count()}, {"samples", std::move(samples)}}) + "\n";
}

}  // namespace weir::admin
