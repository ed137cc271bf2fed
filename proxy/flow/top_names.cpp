#include "proxy/flow/top_names.hpp"

#include <algorithm>

namespace weir::flow {
namespace {

constexpr std::size_t kLongest = 253;  // a name's most (RFC 1035, 2.3.4); what is no name may be longer

}  // namespace

NameCount& NameCount::operator+=(const NameCount& other) {
  flows += other.flows;
  requests += other.requests;
  bytes_from_client += other.bytes_from_client;
  bytes_to_client += other.bytes_to_client;
  return *this;
}

void TopNames::add(std::string_view name, const NameCount& count) {
  if (most_ == 0) return;
  name = name.substr(0, kLongest);
  const auto found = places_.find(name);
  const auto place = found != places_.end() ? found->second : place_for(name);
  counts_[place] += count;
  weights_[place] += count.flows + count.requests;
}

std::size_t TopNames::place_for(std::string_view name) {
  if (counts_.size() < most_) {
    counts_.emplace_back();
    weights_.push_back(0);
    names_.push_back(&places_.emplace(name, names_.size()).first->first);
    return names_.size() - 1;
  }
  const auto place = static_cast<std::size_t>(std::ranges::min_element(weights_) - weights_.begin());
  auto node = places_.extract(*names_[place]);  // with its memory, so that a new name mostly costs none
  node.key() = name;
  names_[place] = &places_.insert(std::move(node)).position->first;
  counts_[place] = {};
  return place;
}

ByName<NameCount> TopNames::counts() const {
  ByName<NameCount> all;
  for (const auto& [name, place] : places_) all.emplace(name, counts_[place]);
  return all;
}

}  // namespace weir::flow
