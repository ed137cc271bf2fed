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

// Returns at something new, at the reader's end, or when it is time for a comment.
asio::awaitable<void> wait_for_news(State& state, asio::steady_timer& timer, asio::steady_timer::time_point comment) {
  timer.expires_at(comment);
  const Listed waiting(state.waiting, &timer);
  co_await timer.async_wait(kAwait);
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

std::optional<std::uint64_t> named_cursor(const Request& request, const Target& target, std::uint64_t newest) {
  auto named = sequence(request["Last-Event-ID"]);
  for (const auto& [name, value] : target.query) {
    if (!named && name == "after") named = sequence(value);
  }
  return named && *named > newest ? 0 : named;
}

std::string event_text(const std::vector<flow::Event>& events, std::uint64_t cursor, std::string_view type) {
  std::string text;
  if (!events.empty() && events.front().sequence > cursor + 1) {
    text += ": " + std::to_string(events.front().sequence - cursor - 1) + " events are no longer kept\n\n";
  }
  for (const auto& event : events) {
    if (!type.empty()) text.append("event: ").append(type).append("\n");
    text += "id: " + std::to_string(event.sequence) + "\ndata: " + flow::to_json(event) + "\n\n";
  }
  return text;
}

std::string message(std::string_view type, std::string_view json) {
  if (json.ends_with('\n')) json.remove_suffix(1);
  return std::string("event: ").append(type).append("\ndata: ").append(json).append("\n\n");
}

asio::awaitable<void> stream(State& state, boost::beast::tcp_stream& connection, News& news) {
  using Clock = asio::steady_timer::clock_type;
  const Counted reader(state.event_readers, 1);
  const auto departure = std::make_shared<Departure>(state);
  const bool begun = co_await send(state, connection, head());
  if (!begun) co_return;
  watch(connection.socket(), departure);
  auto comment = Clock::now() + state.limits.keep_alive;
  while (!departure->gone && !state.stopped) {
    auto text = news.take();
    if (text.empty() && Clock::now() >= comment) text = ":\n\n";
    if (text.empty()) {
      co_await wait_for_news(state, departure->timer, comment);
      continue;
    }
    const bool sent = co_await send(state, connection, std::move(text));
    if (!sent) break;
    comment = Clock::now() + state.limits.keep_alive;
    departure->timer.expires_after(kMoment);
    co_await departure->timer.async_wait(kAwait);
  }
}

namespace {

struct Events : News {
  Events(GatewayView& from, std::uint64_t after) : gateway(from), cursor(after) {}
  std::string take() override {
    const auto events = gateway.events_after(cursor);
    auto text = event_text(events, cursor);
    if (!events.empty()) cursor = events.back().sequence;
    return text;
  }
  GatewayView& gateway;
  std::uint64_t cursor;
};

}  // namespace

asio::awaitable<void> stream_events(StreamCall call) {
  auto& gateway = call.state->gateway;
  const auto newest = newest_event(gateway);
  Events events(gateway, named_cursor(call.request, call.target, newest).value_or(newest));
  co_await stream(*call.state, call.connection, events);
}

std::uint64_t newest_event(GatewayView& gateway) {
  const auto events = gateway.events_after(0);
  return events.empty() ? 0 : events.back().sequence;
}

}  // namespace weir::admin
