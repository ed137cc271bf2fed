#include "proxy/bypass/learned.hpp"

#include <algorithm>
#include <utility>

namespace weir::bypass {

const char* name(Origin origin) {
  switch (origin) {
    case Origin::resolved: return "resolved";
    case Origin::seen: return "seen";
    case Origin::answered: return "answered";
  }
  return "unknown";
}

bool LearnedTable::learn(const Entry& entry, const policy::Address& address, Origin origin, const std::string& domain,
                         Time now, Time expires) {
  if (expires <= now) return false;
  if (!is_free(address, now)) {
    ++conflicts_;
    return false;
  }
  const Key key(address, entry);
  auto known = all_.find(key);
  if (known != all_.end() && known->second.expires >= expires) return false;
  if (known == all_.end() && all_.size() >= most_) {
    ++refused_;
    return false;
  }
  const Learned learned{entry, address, origin, domain, expires};
  const bool is_renewed = known != all_.end();
  all_.insert_or_assign(key, learned);
  changes_.learned.push_back({learned, is_renewed});
  return true;
}

void LearnedTable::stands_against(const policy::Address& address, const std::string& domain, Time now, Time until) {
  auto known = against_.find(address);
  if (known == against_.end() && against_.size() >= most_) {
    std::erase_if(against_, [now](const auto& one) { return one.second.until <= now; });
    if (against_.size() >= most_) against_all_until_ = std::max(against_all_until_, until);
  }
  if (known != against_.end() || against_.size() < most_) {
    auto& against = against_[address];
    against = {domain, std::max(against.until, until)};
  }
  for (auto one = all_.lower_bound(Key(address, Entry{policy::Source::defaults, {}}));
       one != all_.end() && one->first.first == address;) {
    ++conflicts_;
    one = forget(one, changes_.forgotten);
  }
}

void LearnedTable::expire(Time now) {
  for (auto one = all_.begin(); one != all_.end();)
    one = one->second.expires > now ? std::next(one) : forget(one, changes_.expired);
  std::erase_if(against_, [now](const auto& one) { return one.second.until <= now; });
}

LearnedTable::Changes LearnedTable::take_changes() { return std::exchange(changes_, {}); }

std::vector<Learned> LearnedTable::all() const {
  std::vector<Learned> list;
  list.reserve(all_.size());
  for (const auto& [key, learned] : all_) list.push_back(learned);
  return list;
}

std::vector<Withheld> LearnedTable::withheld(Time now) const {
  std::vector<Withheld> list;
  for (const auto& [address, against] : against_)
    if (against.until > now) list.push_back({address, against.name, against.until});
  return list;
}

LearnedTable::All::iterator LearnedTable::forget(All::iterator one,
                                                 std::vector<std::pair<Entry, policy::Address>>& kind) {
  const auto& [address, entry] = one->first;
  kind.emplace_back(entry, address);
  std::erase_if(changes_.learned, [&key = one->first](const Changes::Fresh& fresh) {
    return fresh.learned.entry == key.second && fresh.learned.address == key.first;
  });
  return all_.erase(one);
}

bool LearnedTable::is_free(const policy::Address& address, Time now) {
  if (against_all_until_ > now) return false;
  const auto known = against_.find(address);
  return known == against_.end() || known->second.until <= now;
}

}  // namespace weir::bypass
