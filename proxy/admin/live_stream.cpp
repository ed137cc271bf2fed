#include "proxy/admin/live_stream.hpp"

#include "proxy/admin/event_stream.hpp"
#include "proxy/admin/glance.hpp"

namespace weir::admin {
namespace {

// The history first, then status and summary, then what is new of these, of samples and of events.
class Live : public News {
 public:
  Live(State& state, std::uint64_t cursor) : state_(state), cursor_(cursor) {}

  std::string take() override {
    auto text = std::exchange(is_first_, false) ? history() : std::string();
    const auto& glance = state_.glance;
    if (glance.text.empty()) return text;  // it is being made
    if (std::exchange(glance_seen_, glance.number) != glance.number) text += glance.text;
    for (const auto& sample : state_.history.after(samples_seen_)) text += message("sample", sample_json(sample));
    samples_seen_ = state_.history.count();
    const auto events = state_.gateway.events_after(cursor_);
    text += event_text(events, cursor_, "event");
    if (!events.empty()) cursor_ = events.back().sequence;
    return text;
  }

 private:
  std::string history() {
    samples_seen_ = state_.history.count();
    return message("history",
                   history_json(state_.history, std::chrono::ceil<std::chrono::seconds>(state_.limits.sample_every)));
  }

  State& state_;
  std::uint64_t cursor_;
  std::uint64_t glance_seen_ = 0;
  std::uint64_t samples_seen_ = 0;
  bool is_first_ = true;
};

}  // namespace

boost::asio::awaitable<void> stream_live(StreamCall call) {
  auto& state = *call.state;
  const Counted reader(state.live_readers, 1);
  keep_glance(call.state);
  Live live(state, named_cursor(call.request, call.target, newest_event(state.gateway)).value_or(0));
  co_await stream(state, call.connection, live);
}

}  // namespace weir::admin
