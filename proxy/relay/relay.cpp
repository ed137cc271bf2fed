#include "proxy/relay/relay.hpp"

namespace weir::relay {
namespace {

bool is_over(Pump::State state) {
  return state == Pump::State::finished || state == Pump::State::read_failed || state == Pump::State::write_failed;
}

}  // namespace

Relay::Next Relay::step() {
  const bool failed_before = failure_.has_value();
  if (to_client_.state() == Pump::State::finished) to_upstream_.close_follows();
  const auto up = to_upstream_.step();
  if (up == Pump::State::finished) to_client_.close_follows();
  const auto down = to_client_.step();
  note_failure(to_upstream_, flow::Side::client, flow::Side::upstream);
  note_failure(to_client_, flow::Side::upstream, flow::Side::client);
  if (failure_ && !failed_before) return Next::again;
  if (failure_) {
    // Only what the failed side sent before is still of use to the other.
    const auto& rest = failure_->side == flow::Side::client ? to_upstream_ : to_client_;
    if (is_over(rest.state()) || !rest.holds_bytes()) return Next::over;
    return rest.state() == Pump::State::moving ? Next::again : Next::wait;
  }
  if (is_over(up) && is_over(down)) return Next::over;
  return up == Pump::State::moving || down == Pump::State::moving ? Next::again : Next::wait;
}

void Relay::note_failure(const Pump& pump, flow::Side reader, flow::Side writer) {
  if (failure_) return;
  if (pump.state() == Pump::State::read_failed) failure_ = Failure{reader, pump.error()};
  if (pump.state() == Pump::State::write_failed) failure_ = Failure{writer, pump.error()};
}

}  // namespace weir::relay
