#include "proxy/admin/event_stream.hpp"

#include <charconv>
#include <memory>
#include <optional>
#include <sstream>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/write.hpp>

namespace weir::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kMoment{20};  // a burst of events costs a reader one pass, not one an event

std::optional<std::uint64_t> sequence(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A reader sends nothing more, so whatever can be read from it is its end.
struct Departure {
  explicit Departure(State& state) : timer(state.context) {}
  asio::steady_timer timer;
  bool gone = false;
};

void watch(tcp::socket& socket, const std::shared_ptr<Departure>& departure) {
  socket.async_wait(tcp::socket::wait_read, [departure](const boost::system::error_code&) {
    departure->gone = true;
    departure->timer.cancel();
  });
}

// Returns at an event, at the reader's end, or when it is time for a comment.
asio::awaitable<void> next_event(State& state, asio::steady_timer& timer) {
  timer.expires_after(state.limits.keep_alive);
  state.waiting.insert(&timer);
  co_await timer.async_wait(kAwait);
  state.waiting.erase(&timer);
}

asio::awaitable<bool> send(const State& state, boost::beast::tcp_stream& stream, std::string text) {
  stream.expires_after(state.limits.write_timeout);
  const auto [error, count] = co_await asio::async_write(stream, asio::buffer(text), kAwait);
  stream.expires_never();
  co_return !error;
}

// Without a length or chunks the body ends with the connection (RFC 9112, 6.3).
std::string head() {
  Reply reply;
  reply.content_type = "text/event-stream";
  auto response = to_response(std::move(reply), 11, false);
  response.erase(http::field::content_length);
  std::ostringstream text;
  text << response.base() << "retry: 2000\n\n";
  return text.str();
}

}  // namespace

std::uint64_t first_cursor(const Request& request, const Target& target, std::uint64_t newest) {
  auto named = sequence(request["Last-Event-ID"]);
  for (const auto& [name, value] : target.query) {
    if (!named && name == "after") named = sequence(value);
  }
  if (!named) return newest;
  return *named > newest ? 0 : *named;
}

std::string event_text(const std::vector<flow::Event>& events, std::uint64_t cursor) {
  std::string text;
  if (!events.empty() && events.front().sequence > cursor + 1) {
    text += ": " + std::to_string(events.front().sequence - cursor - 1) + " events are no longer kept\n\n";
  }
  for (const auto& event : events) {
    text += "id: " + std::to_string(event.sequence) + "\ndata: " + flow::to_json(event) + "\n\n";
  }
  return text;
}

asio::awaitable<void> stream_events(State& state, boost::beast::tcp_stream& stream, std::uint64_t cursor) {
  const Counted reader(state.event_readers, 1);
  const auto departure = std::make_shared<Departure>(state);
  const bool begun = co_await send(state, stream, head());
  if (!begun) co_return;
  watch(stream.socket(), departure);
  while (!departure->gone && !state.stopped) {
    const auto events = state.gateway.events_after(cursor);
    auto text = event_text(events, cursor);
    if (events.empty()) {
      co_await next_event(state, departure->timer);
      if (departure->gone || state.stopped) break;
      text = departure->timer.expiry() <= asio::steady_timer::clock_type::now() ? ":\n\n" : "";
    } else {
      cursor = events.back().sequence;
    }
    if (!text.empty()) {
      const bool sent = co_await send(state, stream, std::move(text));
      if (!sent) break;
    }
    departure->timer.expires_after(kMoment);
    co_await departure->timer.async_wait(kAwait);
  }
}

}  // namespace weir::admin
