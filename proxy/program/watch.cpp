#include "proxy/program/watch.hpp"

#include <array>
#include <csignal>
#include <optional>
#include <string>

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "proxy/admin/client/live_client.hpp"
#include "proxy/program/screen.hpp"

namespace weir::program {
namespace {

namespace asio = boost::asio;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kAgain{1};

class Watch {
 public:
  explicit Watch(admin::Client client) : client_(std::move(client)) {
    if (::isatty(STDOUT_FILENO) != 1) return;
    screen_.emplace();
    if (screen_->keys() >= 0) keys_.emplace(context_, ::dup(screen_->keys()));
  }

  // Why it cannot go on; nothing where it was told to end.
  std::optional<std::string> run() {
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(bugprone-signal-handler,cert-err33-c): writing says so
    signals_.add(SIGWINCH);
    on_signal();
    if (keys_) asio::co_spawn(context_, read_keys(), rethrow);
    asio::co_spawn(context_, follow(), rethrow);
    context_.run();
    screen_.reset();
    return failure_;
  }

 private:
  static void rethrow(const std::exception_ptr& fault) {
    if (fault) std::rethrow_exception(fault);
  }

  void on_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal != SIGWINCH) return context_.stop();
      if (screen_) show();
      on_signal();
    });
  }

  asio::awaitable<void> read_keys() {
    std::array<char, 64> keys{};
    for (;;) {
      const auto [error, count] = co_await keys_->async_read_some(asio::buffer(keys), kAwait);
      constexpr std::string_view kEnd = "qQ\x03\x04";  // ^C and ^D
      if (error || std::string_view(keys.data(), count).find_first_of(kEnd) != std::string_view::npos) break;
    }
    context_.stop();
  }

  asio::awaitable<void> follow() {
    asio::steady_timer timer(context_);
    for (;;) {
      admin::LiveMessages messages([this](const std::string& type, const std::string& data) {
        if (glimpse_.take(type, data)) show();
      });
      const auto end = co_await admin::read_live(context_, client_, messages);
      if (end.is_final) {
        failure_ = end.why;
        break;
      }
      complain(end.why);
      timer.expires_after(kAgain);
      co_await timer.async_wait(kAwait);
    }
    context_.stop();
  }

  void show() {
    bool shown = false;
    if (screen_) {
      shown = screen_->draw(admin::glance_report(glimpse_, screen_->size()));
    } else {
      constexpr admin::ScreenSize kPlain{.columns = 120, .rows = 100};
      std::string text;
      for (const auto& line : admin::glance_report(glimpse_, kPlain)) text += line.text + "\n";
      shown = write_whole(STDOUT_FILENO, text + "\n");
    }
    if (!shown) context_.stop();
  }

  // Once, where it is told to a log.
  void complain(const std::string& why) {
    const bool is_new = glimpse_.trouble != why;
    glimpse_.trouble = why;
    if (screen_) return show();
    if (is_new) write_whole(STDERR_FILENO, "weir: " + why + " (asking again)\n");
  }

  admin::Client client_;
  asio::io_context context_{1};
  asio::signal_set signals_{context_, SIGINT, SIGTERM, SIGHUP};
  std::optional<Screen> screen_;
  std::optional<asio::posix::stream_descriptor> keys_;
  admin::Glimpse glimpse_;
  std::optional<std::string> failure_;
};

}  // namespace

int watch_status(const GatewayCall& call) {
  auto client = find_gateway(call);
  if (!client) return fail(kFailed, client.error());
  const auto failure = Watch(std::move(*client)).run();
  return failure ? fail(kFailed, *failure) : kFine;
}

}  // namespace weir::program
