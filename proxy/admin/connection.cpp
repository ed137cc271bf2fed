#include "proxy/admin/connection.hpp"

#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

#include "proxy/admin/problem.hpp"
#include "proxy/admin/routes.hpp"

namespace weir::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Parser = http::request_parser<http::string_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kLinger{1};
constexpr std::size_t kMostRead = 64 * 1024;

// What a request that could not be read deserves; none when nobody can be answered (Beast closes at a time-out).
std::optional<Reply> answer_to(const beast::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return problem(http::status::request_header_fields_too_large,
                   "the head of this request is too large: at most 16 KiB");
  if (error == http::error::body_limit)
    return problem(http::status::payload_too_large, "the body of this request is too large: at most 64 KiB");
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  // The parser's errors are the client's fault, all others are the connection's own end.
  if (error.category() == http::make_error_code(http::error::bad_value).category())
    return problem(http::status::bad_request, "this is not HTTP/1.1: " + error.message());
  return std::nullopt;
}

std::optional<std::string_view> field(const Request& request, beast::string_view name) {
  const auto found = request.find(name);
  if (found == request.end()) return std::nullopt;
  return std::string_view(found->value().data(), found->value().size());
}

std::optional<Reply> refusal(const State& state, const Request& request, Kind kind) {
  Asked asked;
  asked.kind = kind;
  asked.http_1_0 = request.version() < 11;
  asked.hosts = request.count(http::field::host);
  asked.host = field(request, "Host").value_or("");
  asked.origin = field(request, "Origin");
  asked.fetch_site = field(request, "Sec-Fetch-Site");
  asked.authorization = field(request, "Authorization").value_or("");
  const auto access = judge(asked, state.token);
  if (access == Access::allowed) return std::nullopt;
  return problem(access);
}

class Connection {
 public:
  Connection(std::shared_ptr<State> state, tcp::socket socket)
      : state_(std::move(state)), stream_(std::move(socket)), buffer_(kMostRead) {
    state_->open.insert(&stream_);
  }
  ~Connection() { state_->open.erase(&stream_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  asio::awaitable<void> run() {
    // Not `while (… && co_await …)`: g++ 12 makes wrong code of it.
    for (bool more = true; more && !state_->stopped;) more = co_await exchange();
    co_await close();
  }

 private:
  // One request and its reply. False: the connection ends.
  asio::awaitable<bool> exchange() {
    Parser parser;
    parser.header_limit(state_->limits.head);
    parser.body_limit(state_->limits.body);
    stream_.expires_after(state_->limits.read_timeout);
    const auto [error, count] = co_await http::async_read(stream_, buffer_, parser, kAwait);
    if (error) {
      if (auto reply = answer_to(error)) co_await send(std::move(*reply), 11, false, false);
      co_return false;
    }
    co_return co_await answer(parser.get());
  }

  asio::awaitable<bool> answer(const Request& request) {
    const auto target = parse_target({request.target().data(), request.target().size()});
    const auto match = target ? find_route(target->path, request.method()) : Match{};
    auto refused = refuse(request, target.has_value(), match);
    const bool head = request.method() == http::verb::head;
    if (!refused && match.route->stream != nullptr && !head) {
      StreamCall call{state_, stream_, request, *target};
      co_await match.route->stream(call);
      co_return false;
    }
    Reply reply;
    if (refused) {
      reply = std::move(*refused);
    } else if (match.route->stream != nullptr) {
      reply.content_type = "text/event-stream";
    } else {
      Call call{*state_, *target, match.rest, request.body(), peer()};  // named: g++ 12 destroys a temporary twice
      reply = co_await match.route->answer(std::move(call));
    }
    co_return co_await send(std::move(reply), request.version(), request.keep_alive(), head);
  }

  std::string peer() {
    boost::system::error_code error;
    const auto endpoint = stream_.socket().remote_endpoint(error);
    return error ? std::string("unknown") : endpoint.address().to_string();
  }

  std::optional<Reply> refuse(const Request& request, bool target_understood, const Match& match) const {
    if (!target_understood) return problem(http::status::bad_request, "the target is to be a path, properly encoded");
    if (match.route == nullptr) return problem(http::status::not_found, "nothing is here; the API is below /api/v1");
    if (auto refused = refusal(*state_, request, match.route->kind)) return refused;
    if (!match.takes_method) {
      auto reply = problem(http::status::method_not_allowed, "this takes " + match.allow);
      reply.fields.emplace_back(http::field::allow, match.allow);
      return reply;
    }
    if (match.route->stream != nullptr && state_->event_readers >= state_->limits.event_readers) {
      auto reply =
          problem(http::status::service_unavailable, "too many readers of events; try again when one has left");
      reply.fields.emplace_back(http::field::retry_after, "15");
      return reply;
    }
    return std::nullopt;
  }

  asio::awaitable<bool> send(Reply reply, unsigned version, bool keep_alive, bool head) {
    if (state_->bytes_in_flight + reply.body.size() > state_->limits.bytes_in_flight) {
      reply = problem(http::status::service_unavailable, "too many replies wait to be read; try again");
    }
    const Counted bytes(state_->bytes_in_flight, reply.body.size());
    const auto afterwards = std::move(reply.afterwards);
    auto response = to_response(std::move(reply), version, keep_alive && !state_->stopped);
    http::response_serializer<http::string_body> serializer(response);
    beast::error_code error;
    stream_.expires_after(state_->limits.write_timeout);
    if (head) {
      std::tie(error, std::ignore) = co_await http::async_write_header(stream_, serializer, kAwait);
    } else {
      std::tie(error, std::ignore) = co_await http::async_write(stream_, serializer, kAwait);
    }
    if (afterwards) afterwards();
    co_return !error && response.keep_alive();
  }

  // Reads what still comes for a moment: closing over unread bytes is a reset, which can overtake the reply.
  asio::awaitable<void> close() {
    beast::error_code error;
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    buffer_.clear();
    stream_.expires_after(kLinger);
    while (!error && !state_->stopped) {
      std::size_t count = 0;
      std::tie(error, count) = co_await stream_.async_read_some(buffer_.prepare(kMostRead), kAwait);
    }
  }

  std::shared_ptr<State> state_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
};

}  // namespace

asio::awaitable<void> serve(std::shared_ptr<State> state, tcp::socket socket) {
  Connection connection(std::move(state), std::move(socket));
  co_await connection.run();
}

}  // namespace weir::admin
