// Waiting, Transactions, and what an HTTP/1 side keeps of its input and its output.
#include "proxy/http/transaction.hpp"

#include "proxy/http/h1_input.hpp"
#include "proxy/http/h1_output.hpp"
#include "tests/unit/catch.hpp"

using namespace weir::http;

namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text(std::span<const std::uint8_t> some) { return {some.begin(), some.end()}; }

// Counts what was drained; the rest is nothing to these tests.
class Drained final : public Events {
 public:
  void head(Transaction&) override {}
  void body(Transaction&, std::span<const std::uint8_t>) override {}
  void end(Transaction&, const Fields&) override {}
  void drained(Transaction&, std::size_t size) override { all += size; }
  void cancelled(Transaction&, ErrorCode) override {}
  void fault(Transaction&, Fault) override {}
  void going_away(ErrorCode) override {}
  std::size_t all = 0;
};

}  // namespace

TEST_CASE("bytes wait in their order", "[http][transaction]") {
  Waiting waiting;
  std::string given;
  std::string taken;
  for (int i = 0; i < 1000; ++i) {
    const std::string some(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
    waiting.add(bytes(some));
    given += some;
    const auto size = std::min<std::size_t>(waiting.size(), static_cast<std::size_t>(i % 5));
    taken += text(waiting.bytes().first(size));
    waiting.take(size);
  }
  CHECK(taken + text(waiting.bytes()) == given);
  CHECK_FALSE(waiting.ended());
  Fields trailers;
  trailers.add("x", "y");
  waiting.end(trailers);
  CHECK(waiting.ended());
  CHECK(waiting.trailers().get("x") == "y");
  waiting.clear();
  CHECK(waiting.size() == 0);
  CHECK_FALSE(waiting.ended());
  CHECK(waiting.trailers().empty());
}

TEST_CASE("a transaction that is over is used again, and knows nothing of the last", "[http][transaction]") {
  Transactions transactions;
  auto& first = transactions.open(1);
  auto& second = transactions.open(3);
  first.request.method = "GET";
  first.rule = "r";
  first.ended = first.forwarded = first.counted = first.client_closed = true;
  first.to_client.add(bytes("left"));
  CHECK(transactions.live() == 2);
  transactions.sweep();
  CHECK(transactions.live() == 1);
  auto& third = transactions.open(5);
  CHECK(&third == &first);
  CHECK(third.stream == 5);
  CHECK(third.request.method.empty());
  CHECK(third.rule.empty());
  CHECK_FALSE((third.ended || third.forwarded || third.counted || third.client_closed));
  CHECK(third.to_client.size() == 0);
  second.client_closed = true;
  second.upstream_closed = false;
  transactions.sweep();
  CHECK(transactions.live() == 2);
}

TEST_CASE("input that cannot be read is kept for the next time", "[http][h1_input]") {
  H1Input input;
  std::string read;
  std::size_t room = 3;
  const auto process = [&](std::span<const std::uint8_t> all) {
    const auto size = std::min(room, all.size());
    room -= size;
    read += text(all.first(size));
    return size;
  };
  input.take(bytes("abcde"), process);
  CHECK(input.kept() == 2);
  input.take(bytes("fg"), process);
  CHECK(input.kept() == 4);
  room = 100;
  input.again(process);
  CHECK(input.kept() == 0);
  input.take(bytes("h"), process);
  CHECK(read == "abcdefgh");
}

TEST_CASE("input's window", "[http][h1_input]") {
  H1Input input;
  input.count_body(H1Input::kWindow - 1);
  CHECK(input.is_within_window());
  input.count_body(1);
  CHECK_FALSE(input.is_within_window());
  input.consume(1);
  CHECK(input.is_within_window());
  input.consume(H1Input::kWindow * 2);
  input.count_body(H1Input::kWindow);
  CHECK_FALSE(input.is_within_window());
  input.forget_body();
  CHECK(input.is_within_window());
}

TEST_CASE("output is framed, and drained once all is out", "[http][h1_output]") {
  Transaction transaction;
  Drained events;
  H1Output output;
  output.buffer() += "head";
  output.frame_as(H1Framing::chunked);
  output.add_body(bytes("0123456789"));
  output.add_body({});  // an empty chunk would end it
  output.add_end({});
  CHECK(text(output.pending()) == "heada\r\n0123456789\r\n0\r\n\r\n");
  output.written(20, &transaction, events);
  CHECK(events.all == 0);
  output.written(output.pending().size(), &transaction, events);
  CHECK(events.all == 10);
  CHECK(output.empty());
  output.frame_as(H1Framing::none);
  output.add_body(bytes("dropped"));
  CHECK(output.empty());
  output.frame_as(H1Framing::sized);
  output.add_body(bytes("abc"));
  output.drop(&transaction, events);
  CHECK(events.all == 13);
  CHECK(output.empty());
}
