// What one worker's flows and requests came to since it started: fed once at a flow's end and once at a request's,
// never for a packet. Only that worker writes it; others are given its report. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/flow/counters.hpp"
#include "proxy/flow/record.hpp"
#include "proxy/flow/top_names.hpp"

namespace weir::flow {

inline constexpr std::size_t kDispositions = static_cast<std::size_t>(Disposition::reset) + 1;
inline constexpr std::size_t kMostSubflows = 9;  // what the histogram tells apart: the last is that many or more

struct RuleCount {
  std::uint64_t flows = 0;
  std::uint64_t requests = 0;
};

struct TallyReport {
  std::array<std::uint64_t, kDispositions> ended{};                                   // flows, by disposition
  std::array<std::uint64_t, kDispositions> live{};                                    // the same; while bytes move
  std::array<std::uint64_t, kMostSubflows> subflows{};                                // MPTCP flows, by most at once
  std::array<std::array<std::array<std::uint64_t, kCodes>, kSides>, kStages> ends{};  // flows
  ByName<RuleCount> rules;                                                            // by who decided
  ByName<NameCount> domains;

  // Of another worker.
  TallyReport& operator+=(const TallyReport&);
};

class Tally {
 public:
  explicit Tally(std::size_t most_names = 256) : domains_(most_names) {}

  void flow_ended(const Record&);
  // `domain` and `rule`: empty where there is none.
  void request_ended(std::string_view domain, std::string_view rule);

  TallyReport report() const;  // without the live ones

 private:
  RuleCount* rule(std::string_view name);

  TallyReport sums_;  // but for the domains
  TopNames domains_;
};

}  // namespace weir::flow
