#include "proxy/session/event_ring.hpp"

#include <algorithm>
#include <iterator>

namespace weir::session {
namespace {

constexpr std::size_t kKept = 1000;

}  // namespace

const flow::Event& EventRing::add(flow::Event event) {
  event.sequence = ++last_sequence_;
  events_.push_back(std::move(event));
  if (events_.size() > kKept) events_.pop_front();
  return events_.back();
}

std::vector<flow::Event> EventRing::after(std::uint64_t sequence) const {
  std::vector<flow::Event> later;
  std::ranges::copy_if(events_, std::back_inserter(later),
                       [sequence](const flow::Event& event) { return event.sequence > sequence; });
  return later;
}

}  // namespace weir::session
