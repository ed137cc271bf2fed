// Leaves that were made already. Shared by all workers: asked once a handshake, never while bytes move.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "pki/leaf.hpp"

namespace weir::pki {

class LeafCache {
 public:
  using Time = std::chrono::system_clock::time_point;
  using Make = std::function<Result<LeafPointer>()>;

  // `most`: leaves kept; those longest not asked for go.
  explicit LeafCache(std::size_t most = 16384);

  // The leaf kept under `key`, if it is valid for at least another hour; else what `make` gives, which is kept if it is
  // a leaf. Whoever asks for the same key meanwhile waits, so each is made once. An error is not kept.
  Result<LeafPointer> find_or_make(const std::string& key, Time now, const Make& make);

  std::uint64_t hits() const;
  std::uint64_t made() const;
  std::size_t size() const;

 private:
  static constexpr std::size_t kShards = 16;
  struct Entry {
    std::string key;
    LeafPointer leaf;
    Time until;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Entry> by_use;  // the last used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key;
    std::uint64_t hits = 0;
    std::uint64_t made = 0;
  };

  void keep(Shard&, const std::string& key, const LeafPointer&) const;

  std::size_t most_a_shard_;
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace weir::pki
