#include "proxy/session/http_exchange.hpp"

#include "proxy/relay/pump_state.hpp"

namespace weir::session {
namespace {

using Io = net::Stream::Io;
using Closing = http::Wire::Closing;
using Cause = http::Conversation::Cause;
using flow::Code;
using flow::End;
using flow::Side;
using flow::Stage;

}  // namespace

HttpExchange::HttpExchange(relay::Resources& resources, http::ConversationSettings settings,
                           std::unique_ptr<http::Supervisor> supervisor)
    : resources_(resources), supervisor_(std::move(supervisor)), conversation_(std::move(settings), *supervisor_) {}

void HttpExchange::meet_client(net::Stream& stream, Speaks speaks) {
  client_.stream = &stream;
  speaks_ = speaks;
  conversation_.meet_client(speaks);
}

void HttpExchange::meet_client(std::unique_ptr<net::Stream> stream, Speaks speaks) {
  client_.owned = std::move(stream);
  meet_client(*client_.owned, speaks);
}

void HttpExchange::meet_upstream(net::Stream& stream, Speaks speaks) {
  upstream_.stream = &stream;
  conversation_.meet_upstream(speaks);
}

void HttpExchange::begin_with(std::span<const std::uint8_t> first) {
  client_.received += first.size();
  conversation_.advance(std::chrono::steady_clock::now());
  if (!first.empty()) conversation_.client().receive(first);
}

void HttpExchange::dialled() {
  upstream_.owned = make_upstream_();
  meet_upstream(*upstream_.owned, speaks_);
}

bool HttpExchange::could_not_dial(const End& end) {
  constexpr unsigned kBadGateway = 502;
  constexpr unsigned kGatewayTimeout = 504;
  if (end.code == Code::timeout)
    return conversation_.refuse_all(kGatewayTimeout, "The server did not take the connection in time.");
  const bool refused = end.code == Code::refused;
  return conversation_.refuse_all(
      kBadGateway, refused ? "The server refused the connection." : "There is no way to the server at the moment.");
}

relay::Exchange::Next HttpExchange::step() {
  for (int i = 0; i < relay::kStepsATurn; ++i) {
    if (turn()) continue;
    if (is_over()) return Next::over;
    return conversation_.needs_upstream() && make_upstream_ ? Next::dial : Next::wait;
  }
  return Next::again;
}

// What came is read, judged and written on, each way. False where nothing moved.
bool HttpExchange::turn() {
  conversation_.advance(std::chrono::steady_clock::now());
  // The origin is read first: what it says before it was asked is not to be taken for an answer.
  auto* const upstream = conversation_.upstream();
  bool moved = upstream != nullptr && read(upstream_, *upstream);
  moved |= read(client_, conversation_.client());
  if (upstream != nullptr) {
    moved |= write(upstream_, *upstream);
    moved |= finish(upstream_, *upstream, client_);
  }
  moved |= write(client_, conversation_.client());
  moved |= finish(client_, conversation_.client(), upstream_);
  return moved;
}

bool HttpExchange::read(Leg& leg, http::Side& side) {
  if (leg.ended || !side.wants_input()) return false;
  const auto scratch = resources_.scratch();
  const auto io = leg.stream->read(scratch);
  switch (io.state) {
    case Io::State::wait: return false;
    case Io::State::moved:
      leg.received += io.size;
      side.receive(scratch.first(io.size));
      return true;
    case Io::State::end:
      leg.ended = true;
      side.receive_end(!leg.stream->is_truncated());
      return true;
    case Io::State::failed: break;
  }
  fail(leg);
  return true;
}

bool HttpExchange::write(Leg& leg, http::Side& side) {
  if (leg.finished || leg.half) return false;
  const auto output = side.output();
  if (output.empty()) return false;
  const auto io = leg.stream->write(output);
  if (io.state == Io::State::wait) return false;
  if (io.state == Io::State::moved) {
    leg.sent += io.size;
    side.written(io.size);
    return true;
  }
  fail(leg);
  return true;
}

bool HttpExchange::finish(Leg& leg, http::Side& side, const Leg& other) {
  const auto closing = side.closing();
  if (leg.finished || closing == Closing::no || (closing == Closing::half && leg.half)) return false;
  if (!leg.half && !side.output().empty()) return false;
  // A reset is for the flow's end, and no end in order comes before it.
  const bool resets = conversation_.cause() && conversation_.cause()->kind == Cause::Kind::reset;
  if (resets) {
    leg.finished = true;
    return true;
  }
  const bool closes = closing != Closing::half && (other.stream == nullptr || other.finished);
  if (!leg.half && leg.stream->finish(closing != Closing::abrupt, closes).state == Io::State::wait) return false;
  leg.half = true;
  leg.finished = closing != Closing::half;
  return true;
}

void HttpExchange::fail(Leg& leg) {
  leg.ended = leg.finished = true;
  if (!failure_) failure_ = Failure{leg.who, leg.stream->error()};
  if (leg.who == Side::client)
    conversation_.lose_client();
  else
    conversation_.lose_upstream();
}

bool HttpExchange::is_over() {
  if (conversation_.is_stalled()) return true;
  if (failure_) return is_delivered();
  return client_.finished && (upstream_.stream == nullptr || upstream_.finished);
}

// What the side that failed had sent before is with the other.
bool HttpExchange::is_delivered() {
  if (failure_->side == Side::upstream) return client_.finished || conversation_.client().output().empty();
  return upstream_.stream == nullptr || upstream_.finished || conversation_.upstream()->output().empty();
}

std::optional<End> HttpExchange::end() const {
  const auto& cause = conversation_.cause();
  if (!cause) return std::nullopt;
  const auto side = cause->by_client ? Side::client : Side::upstream;
  switch (cause->kind) {
    case Cause::Kind::malformed: return End{Stage::relay, side, Code::malformed, {}};
    case Cause::Kind::flood: return End{Stage::relay, side, Code::flood, {}};
    case Cause::Kind::timeout: return End{Stage::relay, side, Code::timeout, {}};
    case Cause::Kind::reset: break;
  }
  return End{Stage::classify, Side::weir, Code::denied, {}};
}

bool HttpExchange::has_told_client() const {
  return !failure_ && client_.finished && conversation_.client().closing() == Closing::in_order;
}

}  // namespace weir::session
