// The last events, for readers that come later. Control thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "proxy/flow/event.hpp"

namespace weir::session {

class EventRing {
 public:
  // Numbers the event and keeps it; the oldest goes when there are too many.
  const flow::Event& add(flow::Event);
  std::vector<flow::Event> after(std::uint64_t sequence) const;

 private:
  std::deque<flow::Event> events_;
  std::uint64_t last_sequence_ = 0;
};

}  // namespace weir::session
