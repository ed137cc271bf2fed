// How many flows there may be at once, over all workers. Touched once at a flow's start and once at its end.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace weir::session {

class Admission {
 public:
  // Room for one flow, held from before its accept until it is over.
  class Place {
   public:
    Place(Place&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (admission_ != nullptr) admission_->flows_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    friend class Admission;
    explicit Place(Admission& admission) : admission_(&admission) {}
    Admission* admission_;
  };

  void set_limit(std::size_t most) { most_.store(most, std::memory_order_relaxed); }
  std::size_t limit() const { return most_.load(std::memory_order_relaxed); }
  // Nothing where there is no room.
  std::optional<Place> enter() {
    Place place(*this);
    if (flows_.fetch_add(1, std::memory_order_relaxed) >= limit()) return std::nullopt;
    return place;
  }

 private:
  std::atomic<std::size_t> most_{0};
  alignas(64) std::atomic<std::size_t> flows_{0};
};

}  // namespace weir::session
