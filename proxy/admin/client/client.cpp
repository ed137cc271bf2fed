#include "proxy/admin/client/client.hpp"

#include <algorithm>
#include <exception>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "proxy/admin/asio_endpoint.hpp"

namespace weir::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using Result = boost::system::result<Answer, std::string>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t kLargestAnswer = 64 * 1024 * 1024;

}  // namespace

policy::Endpoint reachable(policy::Endpoint endpoint) {
  if (!endpoint.address.is_unspecified()) return endpoint;
  constexpr policy::Address::Bytes kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  endpoint.address = endpoint.address.is_v4() ? policy::Address::v4(127, 0, 0, 1) : policy::Address(kLoopback);
  return endpoint;
}

std::string no_answer(const policy::Endpoint& at, const beast::error_code& error) {
  const auto why = error == beast::error::timeout ? std::string("it took too long") : error.message();
  return "no weir answers at " + at.text() + ": " + why + "; is it running?";
}

namespace {

asio::awaitable<beast::error_code> exchange(beast::tcp_stream& stream, const Client& client, const Call& call,
                                            http::response_parser<http::string_body>& parser) {
  beast::error_code error;
  beast::flat_buffer buffer;
  stream.expires_after(client.connect_timeout);
  std::tie(error) = co_await stream.async_connect(asio_endpoint(reachable(client.at)), kAwait);
  if (error) co_return error;
  stream.expires_after(client.answer_timeout);
  std::tie(error, std::ignore) = co_await http::async_write(stream, call, kAwait);
  if (error) co_return error;
  std::tie(error, std::ignore) = co_await http::async_read(stream, buffer, parser, kAwait);
  co_return error;
}

}  // namespace

Call make_call(const Client& client, http::verb method, const std::string& target, std::string body) {
  Call call(method, target, 11, std::move(body));
  call.set(http::field::host, reachable(client.at).text());
  call.set(http::field::connection, "close");
  if (client.token) call.set(http::field::authorization, client.token->authorization());
  call.prepare_payload();
  return call;
}

Result ask_gateway(const Client& client, http::verb method, const std::string& target, std::string body) {
  asio::io_context context{1};
  beast::tcp_stream stream(context);
  http::response_parser<http::string_body> parser;
  parser.body_limit(kLargestAnswer);
  const auto call = make_call(client, method, target, std::move(body));
  beast::error_code error;
  asio::co_spawn(context, exchange(stream, client, call, parser),
                 [&error](const std::exception_ptr& fault, const beast::error_code& ended) {
                   if (fault) std::rethrow_exception(fault);
                   error = ended;
                 });
  context.run();
  if (error && error.category() == http::make_error_code(http::error::bad_value).category())
    return "what answers at " + client.at.text() + " is not weir: " + error.message();
  if (error) return no_answer(client.at, error);
  auto response = parser.release();
  return Answer{response.result_int(), std::move(response.body())};
}

std::string query_escaped(std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain)
      escaped += c;
    else
      escaped.append({'%', kHex[byte >> 4], kHex[byte & 0xf]});
  }
  return escaped;
}

}  // namespace weir::admin
