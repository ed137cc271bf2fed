// The last fifteen minutes as samples, so that a page just opened shows them. Pure: time and totals are arguments.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "proxy/admin/totals.hpp"

namespace weir::admin {

// What happened from one sample to the next; `live` is as it was at its end.
struct Sample {
  std::chrono::system_clock::time_point at;
  std::array<std::uint64_t, 2> live{};      // by Transport
  std::array<std::uint64_t, 2> accepted{};  // by Transport
  std::uint64_t bytes_from_client = 0;
  std::uint64_t bytes_to_client = 0;
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::uint64_t subflows_joined = 0;
};

class History {
 public:
  explicit History(std::size_t most = 180) : most_(most) {}

  // The first call only says where counting begins.
  void add(std::chrono::system_clock::time_point, const Totals&);
  const std::deque<Sample>& samples() const { return samples_; }
  // How many there ever were; readers remember how many they have seen.
  std::uint64_t count() const { return count_; }
  std::vector<Sample> after(std::uint64_t count) const;

 private:
  std::size_t most_;
  bool begun_ = false;
  Totals last_;
  std::deque<Sample> samples_;
  std::uint64_t count_ = 0;
};

std::string sample_json(const Sample&);
std::string history_json(const History&, std::chrono::seconds interval);

}  // namespace weir::admin
