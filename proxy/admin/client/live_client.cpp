#include "proxy/admin/client/live_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "proxy/admin/asio_endpoint.hpp"
#include "proxy/admin/client/reports.hpp"

namespace weir::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Parser = http::response_parser<http::string_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kLongestSilence{15};  // weir says something every two seconds
constexpr std::size_t kMostRead = 64 * 1024;
constexpr unsigned kFirstOfServer = 500;

LiveEnd away(const Client& client, const beast::error_code& error) { return {no_answer(client.at, error), false}; }

// The head, and where it is a refusal all of it.
asio::awaitable<beast::error_code> open(beast::tcp_stream& stream, beast::flat_buffer& buffer, const Client& client,
                                        Parser& parser) {
  const auto call = make_call(client, http::verb::get, "/api/v1/live", {});
  beast::error_code error;
  stream.expires_after(client.connect_timeout);
  std::tie(error) = co_await stream.async_connect(asio_endpoint(reachable(client.at)), kAwait);
  if (error) co_return error;
  stream.expires_after(kLongestSilence);
  std::tie(error, std::ignore) = co_await http::async_write(stream, call, kAwait);
  if (error) co_return error;
  std::tie(error, std::ignore) = co_await http::async_read_header(stream, buffer, parser, kAwait);
  if (!error && parser.get().result() != http::status::ok)
    std::tie(error, std::ignore) = co_await http::async_read(stream, buffer, parser, kAwait);
  co_return error;
}

}  // namespace

asio::awaitable<LiveEnd> read_live(asio::io_context& context, const Client& client, LiveMessages& messages) {
  beast::tcp_stream stream(context);
  beast::flat_buffer buffer;
  Parser parser;
  auto error = co_await open(stream, buffer, client, parser);
  if (error && error.category() == http::make_error_code(http::error::bad_value).category() &&
      error != http::error::end_of_stream)
    co_return LiveEnd{"what answers at " + client.at.text() + " is not weir: " + error.message(), true};
  if (error) co_return away(client, error);
  const auto status = parser.get().result_int();
  if (status != 200) co_return LiveEnd{problem_report(status, parser.get().body()), status < kFirstOfServer};
  for (;;) {
    const auto data = buffer.cdata();
    if (!messages.add({static_cast<const char*>(data.data()), data.size()}))
      co_return LiveEnd{"what answers at " + client.at.text() + " is not weir: its messages have no end", true};
    buffer.clear();
    stream.expires_after(kLongestSilence);
    std::size_t count = 0;
    std::tie(error, count) = co_await stream.async_read_some(buffer.prepare(kMostRead), kAwait);
    if (error == asio::error::eof) co_return LiveEnd{"weir at " + client.at.text() + " has ended", false};
    if (error) co_return away(client, error);
    buffer.commit(count);
  }
}

}  // namespace weir::admin
