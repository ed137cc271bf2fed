#include "proxy/relay/relay.hpp"

#include <future>
#include <memory>
#include <random>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "tests/unit/catch.hpp"
#include "tests/unit/socket_pair.hpp"

using namespace weir;
using test::receive_exactly;
using test::send_all;

namespace {

// A relay between two loopback connections, run as the session runs it.
class Bench {
 public:
  explicit Bench(bool can_splice = true) : client(test::tcp_pair()), upstream(test::tcp_pair()) {
    watch_client.open(poller, std::move(client.ours));
    watch_upstream.open(poller, std::move(upstream.ours));
    relay.emplace(resources, watch_client, watch_upstream, can_splice);
    boost::asio::co_spawn(context, run(), boost::asio::detached);
    thread = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        context.restart();
        context.poll();
        poller.turn(std::chrono::milliseconds(-1));
      }
    });
  }
  ~Bench() {
    client.peers.close();
    upstream.peers.close();
    if (!over_seen) over.get_future().wait();
    thread.request_stop();
    poller.interrupt();
  }

  void wait_until_over() {
    over.get_future().wait();
    over_seen = true;
  }

  boost::asio::io_context context;
  net::Poller poller;
  relay::Resources resources{4};
  net::Waiter waiter{poller};
  net::Watch watch_client{waiter};
  net::Watch watch_upstream{waiter};
  test::TcpPair client;
  test::TcpPair upstream;
  std::optional<relay::Relay> relay;
  std::promise<void> over;
  bool over_seen = false;
  std::jthread thread;

 private:
  net::Awaitable<void> run() {
    for (;;) {
      const auto next = relay->step();
      if (next == relay::Relay::Next::over) break;
      if (next == relay::Relay::Next::again) waiter.wake();
      co_await waiter.wait();
    }
    if (relay->failure()) {
      net::reset_on_close(watch_client.fd());
      net::reset_on_close(watch_upstream.fd());
    }
    watch_client.close();
    watch_upstream.close();
    over.set_value();
  }
};

std::string noise(std::size_t size) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same bytes each run
  std::string text(size, '\0');
  for (auto& c : text) c = static_cast<char>(random());
  return text;
}

}  // namespace

TEST_CASE("bytes go both ways, in order") {
  Bench bench;
  send_all(bench.client.peers, "question");
  CHECK(receive_exactly(bench.upstream.peers, 8) == "question");
  send_all(bench.upstream.peers, "answer");
  CHECK(receive_exactly(bench.client.peers, 6) == "answer");
}

TEST_CASE("a long stream arrives whole, copied or spliced", "[relay]") {
  for (const bool can_splice : {false, true}) {
    Bench bench(can_splice);
    const auto data = noise(20'000'000);
    auto sender = std::async(std::launch::async, [&] { send_all(bench.client.peers, data); });
    CHECK(receive_exactly(bench.upstream.peers, data.size()) == data);
    sender.wait();
    bench.client.peers.close();
    bench.upstream.peers.close();
    bench.wait_until_over();
    CHECK((bench.relay->bytes_spliced() > 0) == can_splice);
    CHECK(bench.relay->bytes_from_client() == data.size());
  }
}

TEST_CASE("the end of one direction leaves the other open") {
  Bench bench;
  send_all(bench.client.peers, "last words");
  ::shutdown(bench.client.peers.get(), SHUT_WR);
  CHECK(receive_exactly(bench.upstream.peers, 100) == "last words");
  send_all(bench.upstream.peers, "still here");
  CHECK(receive_exactly(bench.client.peers, 10) == "still here");
  bench.upstream.peers.close();
  bench.wait_until_over();
  CHECK_FALSE(bench.relay->failure());
}

TEST_CASE("a reset names the side it came from") {
  Bench bench;
  SECTION("client") {
    test::reset(bench.client.peers);
    bench.wait_until_over();
    REQUIRE(bench.relay->failure());
    CHECK(bench.relay->failure()->side == flow::Side::client);
    CHECK(flow::code_of(bench.relay->failure()->error) == flow::Code::reset);
    char byte = 0;
    CHECK(::recv(bench.upstream.peers.get(), &byte, 1, 0) == -1);
    CHECK(errno == ECONNRESET);
  }
  SECTION("upstream") {
    test::reset(bench.upstream.peers);
    bench.wait_until_over();
    REQUIRE(bench.relay->failure());
    CHECK(bench.relay->failure()->side == flow::Side::upstream);
  }
}

TEST_CASE("a slow reader holds back its sender and loses nothing") {
  Bench bench(false);
  const auto data = noise(30'000'000);
  auto sender = std::async(std::launch::async, [&] { send_all(bench.upstream.peers, data); });
  // Nobody reads at first: the sender is still blocked after every buffer on the way is full.
  const auto head = receive_exactly(bench.client.peers, 1'000'000);
  CHECK(sender.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  CHECK(head + receive_exactly(bench.client.peers, data.size() - head.size()) == data);
}

TEST_CASE("urgent data stays in the stream") {
  Bench bench;
  send_all(bench.client.peers, "ab");
  ::send(bench.client.peers.get(), "!", 1, MSG_OOB);
  send_all(bench.client.peers, "cd");
  CHECK(receive_exactly(bench.upstream.peers, 5) == "ab!cd");
}
