#include "proxy/admin/flow_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "proxy/flow/tally.hpp"

namespace weir::admin {
namespace {

using Parsed = boost::system::result<FlowQuery, std::string>;

constexpr std::size_t kLongestText = 256;
constexpr std::size_t kLargestLimit = 10'000;  // some 7 MB of JSON

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool take_limit(FlowQuery& query, const std::string& value) {
  const auto limit = number<std::size_t>(value);
  if (limit) query.limit = *limit;
  return limit && *limit >= 1 && *limit <= kLargestLimit;
}

bool take_sort(FlowQuery& query, const std::string& value) {
  const auto* order = FlowOrder::named(value);
  if (order != nullptr) query.order = order;
  return order != nullptr;
}

bool take_order(FlowQuery& query, const std::string& value) {
  query.ascending = value == "asc";
  return value == "asc" || value == "desc";
}

bool take_disposition(FlowQuery& query, const std::string& value) {
  for (std::size_t i = 0; i < flow::kDispositions; ++i)
    if (const auto one = static_cast<flow::Disposition>(i); value == flow::name(one)) query.disposition = one;
  return query.disposition.has_value();
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

bool take_text(FlowQuery& query, const std::string& value) {
  query.text = lower(value);
  return value.size() <= kLongestText;
}

bool take_transport(FlowQuery& query, const std::string& value) {
  for (const auto transport : {flow::Transport::tcp, flow::Transport::mptcp}) {
    if (value == flow::name(transport)) query.transport = transport;
  }
  return query.transport.has_value();
}

bool take_client(FlowQuery& query, const std::string& value) {
  query.client = policy::Prefix::parse(value);
  return query.client.has_value();
}

bool take_destination(FlowQuery& query, const std::string& value) {
  query.destination = policy::Prefix::parse(value);
  return query.destination.has_value();
}

struct Key {
  std::string_view name;
  bool (*take)(FlowQuery&, const std::string&);
  std::string right;
};

const std::array<Key, 8>& keys() {
  static const std::array<Key, 8> all{{
      {"limit", take_limit, "a number from 1 to 10000"},
      {"sort", take_sort, FlowOrder::names()},
      {"order", take_order, "asc or desc"},
      {"transport", take_transport, "tcp or mptcp"},
      {"disposition", take_disposition, "direct, splice, inspect, decrypt, block or reset"},
      {"client", take_client, "an address or a prefix such as 192.0.2.0/24"},
      {"destination", take_destination, "an address or a prefix such as 192.0.2.0/24"},
      {"text", take_text, "a part of an address, a domain, a rule or an id, of at most 256 bytes"},
  }};
  return all;
}

bool has_text(const flow::Record& record, const std::string& text) {
  const auto in = [&text](std::string_view part) { return lower(part).find(text) != std::string::npos; };
  return in(record.domain) || in(record.rule) || in(record.client.text()) || in(record.destination.text()) ||
         in(flow::id_text(record.id));
}

}  // namespace

Parsed FlowQuery::parse(const std::vector<std::pair<std::string, std::string>>& query) {
  FlowQuery result;
  for (const auto& pair : query) {
    const auto key = std::ranges::find(keys(), pair.first, &Key::name);
    if (key == keys().end())
      return "flows can be asked by limit, sort, order, transport, disposition, client, destination and text only";
    if (!key->take(result, pair.second)) return std::string(key->name) + " is " + key->right;
  }
  return result;
}

bool FlowQuery::matches(const flow::Record& record) const {
  return (!transport || *transport == record.transport) && (!disposition || *disposition == record.disposition) &&
         (!client || client->contains(record.client.address)) &&
         (!destination || destination->contains(record.destination.address)) &&
         (text.empty() || has_text(record, text));
}

bool FlowQuery::comes_before(const flow::Record& a, const flow::Record& b) const {
  if (const auto found = order->compare(a, b); found != 0)
    return ascending.value_or(order->ascending) ? found < 0 : found > 0;
  return a.started != b.started ? a.started > b.started : a.id > b.id;
}

FlowQuery::Selection FlowQuery::select(std::vector<flow::Record> flows) const {
  Selection selection;
  selection.total = flows.size();
  std::erase_if(flows, [this](const flow::Record& record) { return !matches(record); });
  selection.matched = flows.size();
  const auto shown = std::min(limit, flows.size());
  std::partial_sort(flows.begin(), flows.begin() + static_cast<std::ptrdiff_t>(shown), flows.end(),
                    [this](const auto& a, const auto& b) { return comes_before(a, b); });
  flows.resize(shown);
  selection.shown = std::move(flows);
  return selection;
}

}  // namespace weir::admin
