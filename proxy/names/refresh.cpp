#include "proxy/names/refresh.hpp"

#include <algorithm>
#include <iterator>

namespace weir::names {
namespace {

using Status = Resolution::Status;
using Addresses = std::vector<policy::Address>;

bool has_family(const Addresses& addresses, bool v4) {
  return std::ranges::any_of(addresses, [v4](const auto& address) { return address.is_v4() == v4; });
}

// What is known after the resolution, in order and each once.
Addresses learn(const Addresses& known, const Resolution& resolution) {
  const bool is_told = resolution.status == Status::ok || resolution.status == Status::no_such_name ||
                       resolution.status == Status::no_data;
  if (!is_told) return known;
  Addresses addresses;
  for (const auto& answer : resolution.addresses) addresses.push_back(answer.address);
  // One family answered, so what the other has is not known anew.
  if (resolution.status == Status::ok && !resolution.complete)
    for (const bool v4 : {true, false})
      if (!has_family(addresses, v4))
        std::ranges::copy_if(known, std::back_inserter(addresses), [v4](const auto& a) { return a.is_v4() == v4; });
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

}  // namespace

void RefreshPlan::enqueue(const std::string& name, Entry& entry, Time due) {
  entry.due = due;
  queue_.emplace(due, name);
}

void RefreshPlan::set_names(const std::vector<std::string>& names, Time now) {
  const std::unordered_set<std::string_view> wanted(names.begin(), names.end());
  std::erase_if(names_, [&](const auto& name) {
    const bool goes = !wanted.contains(name.first);
    if (goes && name.second.due) queue_.erase({*name.second.due, name.first});
    return goes;
  });
  for (const auto& name : names) {
    const auto [entry, is_new] = names_.try_emplace(name);
    if (is_new && !under_way_.contains(name)) enqueue(entry->first, entry->second, now);
  }
}

std::optional<std::string> RefreshPlan::start(Time now) {
  const auto next = next_due();
  if (!next || *next > now) return std::nullopt;
  const auto first = queue_.begin();
  std::string name(first->second);
  names_.at(name).due.reset();
  queue_.erase(first);
  under_way_.insert(name);
  const std::chrono::nanoseconds second = std::chrono::seconds(1);
  next_start_ = now + second / std::max<std::size_t>(limits_.starts_per_second, 1);
  return name;
}

std::optional<RefreshPlan::Time> RefreshPlan::next_due() const {
  if (queue_.empty() || under_way_.size() >= std::max<std::size_t>(limits_.most_under_way, 1)) return std::nullopt;
  return std::max(queue_.begin()->first, next_start_);
}

std::chrono::seconds RefreshPlan::pause_after(const Resolution& resolution, Entry& entry) const {
  const bool is_good = resolution.status == Status::ok;
  const auto by_ttl = is_good ? std::clamp(resolution.ttl, limits_.soonest, limits_.latest) : limits_.latest;
  if (is_good && resolution.complete) {
    entry.failures = 0;
    return by_ttl;
  }
  auto retry = limits_.first_retry;
  for (int doubled = 0; doubled < entry.failures && retry < limits_.last_retry; ++doubled) retry *= 2;
  ++entry.failures;
  return std::min({by_ttl, retry, limits_.last_retry});
}

bool RefreshPlan::take(const std::string& name, const Resolution& resolution, Time now) {
  if (under_way_.erase(name) == 0) return false;
  const auto found = names_.find(name);
  if (found == names_.end()) return false;
  auto& entry = found->second;
  enqueue(found->first, entry, now + pause_after(resolution, entry));
  auto addresses = learn(entry.known, resolution);
  if (addresses == entry.known) return false;
  entry.known = std::move(addresses);
  return true;
}

void RefreshPlan::abandon(Time now) {
  for (const auto& name : std::exchange(under_way_, {}))
    if (const auto found = names_.find(name); found != names_.end()) enqueue(found->first, found->second, now);
}

std::vector<policy::Address> RefreshPlan::known(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? std::vector<policy::Address>{} : found->second.known;
}

}  // namespace weir::names
