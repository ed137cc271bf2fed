#include "proxy/relay/relay.hpp"

namespace weir::relay {
namespace {

bool is_over(PumpState state) {
  return state == PumpState::finished || state == PumpState::read_failed || state == PumpState::write_failed;
}

}  // namespace

template <typename AnyPump>
Exchange::Next TwoPumps<AnyPump>::step() {
  const bool failed_before = failure_.has_value();
  if (to_client_.state() == PumpState::finished) to_upstream_.close_follows();
  const auto up = to_upstream_.step();
  if (up == PumpState::finished) to_client_.close_follows();
  const auto down = to_client_.step();
  note_failure(to_upstream_, flow::Side::client, flow::Side::upstream);
  note_failure(to_client_, flow::Side::upstream, flow::Side::client);
  if (failure_ && !failed_before) return Next::again;
  if (failure_) {
    // Only what the failed side sent before is still of use to the other.
    const auto& rest = failure_->side == flow::Side::client ? to_upstream_ : to_client_;
    if (is_over(rest.state()) || !rest.holds_bytes()) return Next::over;
    return rest.state() == PumpState::moving ? Next::again : Next::wait;
  }
  if (is_over(up) && is_over(down)) return Next::over;
  return up == PumpState::moving || down == PumpState::moving ? Next::again : Next::wait;
}

template <typename AnyPump>
void TwoPumps<AnyPump>::note_failure(const AnyPump& pump, flow::Side reader, flow::Side writer) {
  if (failure_) return;
  if (pump.state() == PumpState::read_failed) failure_ = Failure{reader, pump.error()};
  if (pump.state() == PumpState::write_failed) failure_ = Failure{writer, pump.error()};
}

template class TwoPumps<Pump>;
template class TwoPumps<StreamPump>;

}  // namespace weir::relay
