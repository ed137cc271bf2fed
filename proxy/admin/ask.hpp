// Waits for what the gateway answers by a callback, for a while.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weir::admin {

// Nothing when the answer did not come in time: a worker that hangs must not hang its observer.
template <typename Answer>
boost::asio::awaitable<std::optional<Answer>> ask(boost::asio::io_context& context,
                                                  std::function<void(std::function<void(Answer)>)> question,
                                                  std::chrono::milliseconds patience) {
  struct Waiting {
    boost::asio::steady_timer timer;
    std::optional<Answer> answer;
  };
  auto waiting = std::make_shared<Waiting>(Waiting{boost::asio::steady_timer(context, patience), std::nullopt});
  question([waiting](Answer answer) {
    waiting->answer = std::move(answer);
    waiting->timer.cancel();
  });
  if (!waiting->answer) co_await waiting->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  co_return std::move(waiting->answer);
}

}  // namespace weir::admin
