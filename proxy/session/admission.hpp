// How many flows there may be at once, over all workers. Touched once at a flow's start and once at its end.
#pragma once

#include <atomic>
#include <cstddef>

namespace weir::session {

class Admission {
 public:
  void set_limit(std::size_t most) { most_.store(most, std::memory_order_relaxed); }
  std::size_t limit() const { return most_.load(std::memory_order_relaxed); }
  bool has_room() const { return flows_.load(std::memory_order_relaxed) < limit(); }
  void enter() { flows_.fetch_add(1, std::memory_order_relaxed); }
  void leave() { flows_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> most_{0};
  alignas(64) std::atomic<std::size_t> flows_{0};
};

}  // namespace weir::session
