#include "proxy/session/flow.hpp"

#include "proxy/session/opening.hpp"
#include "proxy/session/worker.hpp"

namespace weir::session {

Flow::Flow(Worker& owner, flow::ClientEndpoint peer)
    : worker(owner),
      waiter(owner.poller()),
      client(waiter),
      upstream(waiter),
      started(Clock::now()),
      last_active(started),
      deadline(started) {
  record.id = owner.next_id();
  record.started = std::chrono::system_clock::now();
  record.client = peer;
}

Flow::~Flow() = default;

void Flow::stop(flow::Code code) {
  if (stopped) return;
  stopped = code;
  waiter.wake();
}

void Flow::note_client_end() {
  client_ended = true;
  if (record.transport == flow::Transport::mptcp) worker.sample_paths(*this);
}

flow::Record Flow::snapshot(Clock::time_point now) const {
  auto copy = record;
  copy.duration = std::chrono::duration_cast<std::chrono::milliseconds>(now - started);
  copy.idle = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_active);
  if (relay) {
    copy.bytes_from_client = relay->bytes_from_client();
    copy.bytes_to_client = relay->bytes_to_client();
  }
  return copy;
}

}  // namespace weir::session
