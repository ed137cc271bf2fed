#include "proxy/names/sightings.hpp"

#include <algorithm>

namespace weir::names {
namespace {

constexpr std::chrono::seconds kLeast = std::chrono::hours(1);
constexpr std::chrono::seconds kMost = std::chrono::hours(24);

}  // namespace

void Sightings::take(const policy::DomainName& name, std::span<const Answer> answers, Time now) {
  const std::lock_guard lock(mutex_);
  for (const auto& [address, ttl] : answers) add(name.text(), address, now + std::clamp(ttl, kLeast, kMost));
}

void Sightings::add(const std::string& name, const policy::Address& address, Time until) {
  if (const auto known = index_.find({name, address}); known != index_.end()) {
    auto& sighting = *known->second;
    sighting.until = std::max(sighting.until, until);
    seen_.splice(seen_.end(), seen_, known->second);
    return;
  }
  seen_.push_back({name, address, until});
  index_.emplace(Key(seen_.back().name, address), std::prev(seen_.end()));
  if (seen_.size() <= most_) return;
  index_.erase({seen_.front().name, seen_.front().address});
  seen_.pop_front();
}

bool Sightings::has(const policy::DomainName& name, const policy::Address& address, Time now) const {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find({name.text(), address});
  return found != index_.end() && now < found->second->until;
}

void Sightings::clear() {
  const std::lock_guard lock(mutex_);
  index_.clear();
  seen_.clear();
}

std::size_t Sightings::size() const {
  const std::lock_guard lock(mutex_);
  return seen_.size();
}

}  // namespace weir::names
