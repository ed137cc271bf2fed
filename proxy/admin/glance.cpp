#include "proxy/admin/glance.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "proxy/admin/ask.hpp"
#include "proxy/admin/event_stream.hpp"
#include "proxy/admin/summary.hpp"
#include "proxy/admin/views.hpp"

namespace weir::admin {
namespace {

namespace asio = boost::asio;
using asio::steady_timer;
using flow::TallyReport;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// Until `service.stop()`.
class Clock {
 public:
  explicit Clock(State& state) : timer_(state.context), place_(state.clocks, &timer_) {}
  asio::awaitable<void> until(steady_timer::time_point time) {
    timer_.expires_at(time);
    co_await timer_.async_wait(kAwait);
  }

 private:
  steady_timer timer_;
  Listed place_;
};

// The status alone where a worker does not answer in time.
asio::awaitable<std::string> glance_text(State& state) {
  auto& gateway = state.gateway;
  const auto status = gateway.status();
  auto text = message("status", status_json(status, sum(gateway.counters()), std::chrono::system_clock::now()));
  const auto tally = co_await ask_tally(state);
  if (tally && !state.stopped) text += message("summary", summary_json(status, *tally, gateway.kernel_counters()));
  co_return text;
}

asio::awaitable<void> renew_glance(std::shared_ptr<State> state) {
  Clock clock(*state);
  while (state->live_readers > 0 && !state->stopped) {
    const auto next = steady_timer::clock_type::now() + state->limits.glance_every;
    try {
      auto text = co_await glance_text(*state);
      if (state->stopped) break;
      state->glance.text = std::move(text);
      ++state->glance.number;
      state->wake_readers();
    } catch (const std::exception& error) {
      spdlog::error("admin: no status for those who watch: {}", error.what());
    }
    co_await clock.until(next);
  }
}

}  // namespace

asio::awaitable<std::optional<TallyReport>> ask_tally(State& state) {
  return ask<TallyReport>(
      state.context, [&state](std::function<void(TallyReport)> done) { state.gateway.tally(std::move(done)); },
      state.limits.patience);
}

asio::awaitable<void> keep_history(std::shared_ptr<State> state) {
  Clock clock(*state);
  auto next = steady_timer::clock_type::now();
  while (!state->stopped) {
    state->history.add(std::chrono::system_clock::now(), sum(state->gateway.counters()));
    state->wake_readers();
    // Not a burst of empty ones after the host has slept.
    next = std::max(next + state->limits.sample_every, steady_timer::clock_type::now());
    co_await clock.until(next);
  }
}

void keep_glance(const std::shared_ptr<State>& state) {
  if (std::exchange(state->glance.is_kept, true)) return;
  asio::co_spawn(state->context, renew_glance(state), [state](const std::exception_ptr&) {
    state->glance.is_kept = false;
    state->glance.text.clear();                                          // what is old is nobody's first sight
    if (state->live_readers > 0 && !state->stopped) keep_glance(state);  // one came as it ended
  });
}

}  // namespace weir::admin
