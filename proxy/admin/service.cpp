#include "proxy/admin/service.hpp"

#include <sstream>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/write.hpp>
#include <spdlog/spdlog.h>

#include "proxy/admin/asio_endpoint.hpp"
#include "proxy/admin/connection.hpp"
#include "proxy/admin/glance.hpp"
#include "proxy/admin/problem.hpp"
#include "proxy/admin/state.hpp"

namespace weir::admin {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Result = boost::system::result<void, std::string>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// A fault of one connection must not end the others.
void report(const std::exception_ptr& fault) {
  try {
    if (fault) std::rethrow_exception(fault);
  } catch (const std::exception& error) {
    spdlog::error("admin: a connection failed: {}", error.what());
  }
}

// Sent without waiting, so that those who are too many cost nothing more.
void turn_away(tcp::socket socket) {
  const auto response = to_response(
      problem(boost::beast::http::status::service_unavailable, "too many connections; try again when one has ended"),
      11, false);
  std::ostringstream text;
  text << response.base() << response.body();
  const auto bytes = text.str();
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(bytes), ignored);
}

asio::awaitable<void> accept_all(std::shared_ptr<State> state, std::shared_ptr<tcp::acceptor> acceptor) {
  constexpr std::chrono::milliseconds kPause{100};  // for want of descriptors: trying at once would spin
  asio::steady_timer timer(acceptor->get_executor());
  while (!state->stopped) {
    auto [error, socket] = co_await acceptor->async_accept(kAwait);
    if (state->stopped) break;
    if (error) {
      spdlog::warn("admin: cannot accept: {}", error.message());
      timer.expires_after(kPause);
      co_await timer.async_wait(kAwait);
    } else if (state->open.size() >= state->limits.connections) {
      turn_away(std::move(socket));
    } else {
      asio::co_spawn(acceptor->get_executor(), serve(state, std::move(socket)), report);
    }
  }
}

}  // namespace

Service::Service(asio::io_context& context, const conf::AdminSettings& settings, GatewayView& gateway,
                 const Limits& limits)
    : settings_(settings),
      state_(std::make_shared<State>(State{context, gateway, limits})),
      acceptor_(std::make_shared<tcp::acceptor>(context)) {}

Service::~Service() { stop(); }

Result Service::start() {
  if (!settings_.token_file.empty()) {
    auto token = Token::read(settings_.token_file);
    if (!token) return "admin.token_file: " + token.error();
    state_->token = std::move(*token);
  } else if (!settings_.listen.address.is_loopback()) {
    return "admin.listen " + settings_.listen.text() + " is not a loopback address: set admin.token_file as well";
  }
  if (auto result = listen(); !result) return result;
  asio::co_spawn(state_->context, accept_all(state_, acceptor_), report);
  asio::co_spawn(state_->context, keep_history(state_), report);
  return {};
}

Result Service::listen() {
  const auto endpoint = asio_endpoint(settings_.listen);
  boost::system::error_code error;
  acceptor_->open(endpoint.protocol(), error);
  if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_->bind(endpoint, error);
  if (!error) acceptor_->listen(tcp::acceptor::max_listen_connections, error);
  if (!error) return {};
  const auto what = "admin cannot listen on " + settings_.listen.text() + ": " + error.message();
  acceptor_->close(error);
  return what + "; end what uses that address or set another admin.listen";
}

void Service::stop() {
  state_->stopped = true;
  boost::system::error_code ignored;
  acceptor_->close(ignored);
  for (auto* stream : state_->open) stream->close();
  for (auto* timer : state_->clocks) timer->cancel();
  state_->wake_readers();
}

void Service::announce(const flow::Event&) { state_->wake_readers(); }

std::size_t Service::readers() const { return state_->event_readers; }

policy::Endpoint Service::local() const {
  boost::system::error_code error;
  const auto endpoint = acceptor_->local_endpoint(error);
  return {settings_.listen.address, endpoint.port()};
}

}  // namespace weir::admin
