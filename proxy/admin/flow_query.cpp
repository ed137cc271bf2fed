#include "proxy/admin/flow_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace weir::admin {
namespace {

using Parsed = boost::system::result<FlowQuery, std::string>;

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
  using Sort = FlowQuery::Sort;
  constexpr std::array<std::pair<std::string_view, Sort>, 4> kSorts{
      {{"age", Sort::age}, {"bytes", Sort::bytes}, {"idle", Sort::idle}, {"subflows", Sort::subflows}}};
  for (const auto& [name, sort] : kSorts) {
    if (name == value) query.sort = sort;
    if (name == value) return true;
  }
  return false;
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
  std::string_view right;
};

constexpr std::array<Key, 5> kKeys{{
    {"limit", take_limit, "a number from 1 to 10000"},
    {"sort", take_sort, "age, bytes, idle or subflows"},
    {"transport", take_transport, "tcp or mptcp"},
    {"client", take_client, "an address or a prefix such as 192.0.2.0/24"},
    {"destination", take_destination, "an address or a prefix such as 192.0.2.0/24"},
}};

bool comes_before(FlowQuery::Sort sort, const flow::Record& a, const flow::Record& b) {
  const auto bytes = [](const flow::Record& record) { return record.bytes_from_client + record.bytes_to_client; };
  switch (sort) {
    case FlowQuery::Sort::bytes:
      if (bytes(a) != bytes(b)) return bytes(a) > bytes(b);
      break;
    case FlowQuery::Sort::idle:
      if (a.idle != b.idle) return a.idle > b.idle;
      break;
    case FlowQuery::Sort::subflows:
      if (a.subflows_now != b.subflows_now) return a.subflows_now > b.subflows_now;
      break;
    case FlowQuery::Sort::age: break;
  }
  return a.started != b.started ? a.started > b.started : a.id > b.id;
}

}  // namespace

Parsed FlowQuery::parse(const std::vector<std::pair<std::string, std::string>>& query) {
  FlowQuery result;
  for (const auto& pair : query) {
    const auto* key = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& one) { return one.name == pair.first; });
    if (key == kKeys.end()) return "flows can be asked by limit, sort, transport, client and destination only";
    if (!key->take(result, pair.second)) return std::string(key->name) + " is " + std::string(key->right);
  }
  return result;
}

FlowQuery::Selection FlowQuery::select(std::vector<flow::Record> flows) const {
  Selection selection;
  selection.total = flows.size();
  std::erase_if(flows, [this](const flow::Record& record) {
    return (transport && *transport != record.transport) || (client && !client->contains(record.client.address)) ||
           (destination && !destination->contains(record.destination.address));
  });
  selection.matched = flows.size();
  const auto shown = std::min(limit, flows.size());
  std::partial_sort(flows.begin(), flows.begin() + static_cast<std::ptrdiff_t>(shown), flows.end(),
                    [this](const auto& a, const auto& b) { return comes_before(sort, a, b); });
  flows.resize(shown);
  selection.shown = std::move(flows);
  return selection;
}

}  // namespace weir::admin
