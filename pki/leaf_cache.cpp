#include "pki/leaf_cache.hpp"

#include <algorithm>
#include <string_view>

#include "pki/dates.hpp"

namespace weir::pki {
namespace {

constexpr auto kLeastLeft = std::chrono::hours(1);

template <typename Shards, typename Count>
std::uint64_t sum(Shards& shards, Count count_of) {
  std::uint64_t all = 0;
  for (auto& shard : shards) {
    const std::lock_guard lock(shard.mutex);
    all += count_of(shard);
  }
  return all;
}

}  // namespace

LeafCache::LeafCache(std::size_t most) : most_a_shard_(std::max<std::size_t>(most / kShards, 1)) {}

// The lock is held while a leaf is made, a fraction of a millisecond: who asks for the same one meanwhile has it made
// by nobody else, and few others are in the same shard.
Result<LeafPointer> LeafCache::find_or_make(const std::string& key, Time now, const Make& make) {
  auto& shard = shards_[std::hash<std::string>{}(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.by_key.find(key);
  if (found != shard.by_key.end() && found->second->until >= now + kLeastLeft) {
    ++shard.hits;
    shard.by_use.splice(shard.by_use.begin(), shard.by_use, found->second);
    return found->second->leaf;
  }
  auto leaf = make();
  if (leaf) keep(shard, key, *leaf);
  return leaf;
}

void LeafCache::keep(Shard& shard, const std::string& key, const LeafPointer& leaf) const {
  ++shard.made;
  if (const auto old = shard.by_key.find(key); old != shard.by_key.end()) {
    const auto entry = old->second;
    shard.by_key.erase(old);  // before the entry, which holds its key
    shard.by_use.erase(entry);
  } else if (shard.by_use.size() == most_a_shard_) {
    shard.by_key.erase(shard.by_use.back().key);
    shard.by_use.pop_back();
  }
  shard.by_use.push_front({.key = key, .leaf = leaf, .until = period_of(*leaf->certificate).to});
  shard.by_key.emplace(shard.by_use.front().key, shard.by_use.begin());
}

std::uint64_t LeafCache::hits() const {
  return sum(shards_, [](const Shard& shard) { return shard.hits; });
}

std::uint64_t LeafCache::made() const {
  return sum(shards_, [](const Shard& shard) { return shard.made; });
}

std::size_t LeafCache::size() const {
  return sum(shards_, [](const Shard& shard) { return shard.by_use.size(); });
}

}  // namespace weir::pki
