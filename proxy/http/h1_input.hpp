// What came of an HTTP/1 connection and could not be read yet, and how far its reader is ahead of those who take what
// it reads. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace weir::http {

class H1Input {
 public:
  // Bytes of bodies that were read and not taken. The connection is read no more beyond it.
  static constexpr std::size_t kWindow = 128 * 1024;

  // Gives all there is to `process`, which tells how many it took; keeps the rest. Bytes given meanwhile come behind.
  template <typename Process>
  void take(std::span<const std::uint8_t> fresh, Process process) {
    if (kept_.empty()) {
      keep(fresh.subspan(process(fresh)));
      return;
    }
    kept_.insert(kept_.end(), fresh.begin(), fresh.end());
    again(process);
  }
  template <typename Process>
  void again(Process process) {
    const auto taken = process(std::span<const std::uint8_t>(kept_));
    if (taken == kept_.size())
      clear();
    else
      kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(taken));
  }

  std::size_t kept() const { return kept_.size(); }
  void count_body(std::size_t size) { unconsumed_ += size; }
  void consume(std::size_t size) { unconsumed_ -= size < unconsumed_ ? size : unconsumed_; }
  void forget_body() { unconsumed_ = 0; }
  bool is_within_window() const { return unconsumed_ < kWindow; }

 private:
  void keep(std::span<const std::uint8_t> rest) {
    if (!rest.empty()) kept_.assign(rest.begin(), rest.end());
  }
  void clear() { std::vector<std::uint8_t>().swap(kept_); }

  std::vector<std::uint8_t> kept_;
  std::size_t unconsumed_ = 0;
};

}  // namespace weir::http
