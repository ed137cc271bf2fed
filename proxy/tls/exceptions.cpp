#include "proxy/tls/exceptions.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace weir::tls {
namespace {

constexpr std::size_t kMostSuspicions = 256;

std::string key_of_client(const Parties& parties) { return parties.client.text() + ' ' + parties.name; }
std::string key_of_origin(const Parties& parties) { return parties.destination.text() + ' ' + parties.name; }

}  // namespace

bool is_of_client(TlsCause cause) {
  return cause == TlsCause::encrypted_client_hello || cause == TlsCause::rejected || cause == TlsCause::closed;
}

std::optional<TlsCause> Exceptions::find(const Parties& parties, Time now) const {
  if (!any_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  for (const auto& key : {key_of_client(parties), key_of_origin(parties)})
    if (const auto found = by_key_.find(key); found != by_key_.end() && found->second.until > now)
      return found->second.cause;
  return std::nullopt;
}

bool Exceptions::learn(TlsCause cause, const Parties& parties, Time now, Time until) {
  if (until <= now) return false;
  const std::lock_guard lock(mutex_);
  auto key = is_of_client(cause) ? key_of_client(parties) : key_of_origin(parties);
  const auto known = by_key_.find(key);
  const bool is_new = known == by_key_.end() || known->second.until <= now;
  if (known == by_key_.end() && by_key_.size() >= most_) drop_ended(now);
  Exception exception{.cause = cause, .client = {}, .destination = {}, .name = parties.name, .until = until};
  if (is_of_client(cause))
    exception.client = parties.client;
  else
    exception.destination = parties.destination;
  by_key_.insert_or_assign(std::move(key), std::move(exception));
  count();
  return is_new;
}

// Those that are over; where none is, the one that ends first.
void Exceptions::drop_ended(Time now) {
  std::erase_if(by_key_, [now](const auto& entry) { return entry.second.until <= now; });
  if (by_key_.size() < most_) return;
  by_key_.erase(std::ranges::min_element(by_key_, {}, [](const auto& entry) { return entry.second.until; }));
}

bool Exceptions::note_silent_close(const Parties& parties, Time now, Time until) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(suspicions_, [now](const Suspicion& old) { return now - old.since > kSilentPeriod; });
    auto found = std::ranges::find_if(suspicions_, [&](const Suspicion& suspicion) {
      return suspicion.client == parties.client && suspicion.name == parties.name;
    });
    if (found == suspicions_.end()) {
      if (suspicions_.size() >= kMostSuspicions) suspicions_.pop_front();
      suspicions_.push_back({.client = parties.client, .name = parties.name, .since = now});
      found = std::prev(suspicions_.end());
      any_suspicion_.store(true, std::memory_order_relaxed);
    }
    if (++found->closes < kSilentCloses || !found->others_succeed) return false;
    suspicions_.erase(found);
    any_suspicion_.store(!suspicions_.empty(), std::memory_order_relaxed);
  }
  return learn(TlsCause::closed, parties, now, until);
}

void Exceptions::note_success(const Parties& parties, Time) {
  if (!any_suspicion_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(suspicions_, [&](Suspicion& suspicion) {
    const bool same_client = suspicion.client == parties.client;
    const bool same_name = suspicion.name == parties.name;
    if (same_client != same_name) suspicion.others_succeed = true;
    return same_client && same_name;
  });
  any_suspicion_.store(!suspicions_.empty(), std::memory_order_relaxed);
}

std::size_t Exceptions::size(Time now) const {
  if (!any_.load(std::memory_order_relaxed)) return 0;
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(by_key_, [now](const auto& entry) { return entry.second.until > now; }));
}

std::vector<Exception> Exceptions::list(Time now, std::size_t most) const {
  std::vector<const Exception*> in_force;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, exception] : by_key_)
    if (exception.until > now) in_force.push_back(&exception);
  const auto end = in_force.begin() + static_cast<std::ptrdiff_t>(std::min(most, in_force.size()));
  std::ranges::partial_sort(in_force, end, {},
                            [](const Exception* exception) { return std::tie(exception->until, exception->name); });
  std::vector<Exception> first;
  std::ranges::transform(in_force.begin(), end, std::back_inserter(first), [](const Exception* one) { return *one; });
  return first;
}

std::size_t Exceptions::remove(std::string_view what, Time now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_key_, [now](const auto& entry) { return entry.second.until <= now; });
  const auto removed = std::erase_if(by_key_, [what](const auto& entry) {
    const auto& exception = entry.second;
    return exception.name == what || (exception.client && exception.client->text() == what) ||
           (exception.destination &&
            (exception.destination->text() == what || exception.destination->address.text() == what));
  });
  count();
  return removed;
}

void Exceptions::count() { any_.store(!by_key_.empty(), std::memory_order_relaxed); }

}  // namespace weir::tls
