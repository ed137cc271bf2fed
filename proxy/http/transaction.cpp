#include "proxy/http/transaction.hpp"

namespace weir::http {
namespace {

// What a string may keep when it is empty again: an idle connection is to hold little.
constexpr std::size_t kMostKept = 4096;

void shrink(std::string& text) {
  text.clear();
  if (text.capacity() > kMostKept) text.shrink_to_fit();
}

}  // namespace

void Waiting::add(std::span<const std::uint8_t> bytes) {
  if (begin_ > 0 && begin_ >= bytes_.size() / 2) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void Waiting::end(const Fields& trailers) {
  ended_ = true;
  trailers_ = trailers;
}

std::span<const std::uint8_t> Waiting::bytes() const {
  return {reinterpret_cast<const std::uint8_t*>(bytes_.data()) + begin_, size()};
}

void Waiting::take(std::size_t size) {
  begin_ += size;
  if (begin_ < bytes_.size()) return;
  begin_ = 0;
  bytes_.clear();
}

void Waiting::rest() {
  if (size() == 0) shrink(bytes_);
}

void Waiting::clear() {
  begin_ = 0;
  shrink(bytes_);
  ended_ = false;
  trailers_.clear();
}

void Transaction::clear() {
  request.clear();
  response.clear();
  to_client.clear();
  to_upstream.clear();
  request_ended = response_begun = response_ended = forwarded = answered_here = expects_continue = false;
  counted = request_read = response_read = client_closed = ended = fronting = false;
  upstream_closed = true;
  informational = 0;
  upstream_stream = 0;
  moved = 0;
  rule.clear();
  cause = {};
  edits = nullptr;
  policy.reset();
  name_confirmed.reset();
  first_byte.reset();
  request_bytes = response_bytes = 0;
  end = flow::RequestEnd::finished;
  fault = Fault::none;
}

Transaction& Transactions::open(std::uint64_t stream) {
  if (idle_.empty()) {
    live_.push_back(std::make_unique<Transaction>());
  } else {
    live_.push_back(std::move(idle_.back()));
    idle_.pop_back();
  }
  live_.back()->stream = stream;
  return *live_.back();
}

void Transactions::sweep() {
  std::erase_if(live_, [this](auto& transaction) {
    if (!transaction->is_over()) return false;
    if (idle_.size() < kMostIdle) {
      transaction->clear();
      idle_.push_back(std::move(transaction));
    }
    return true;
  });
}

}  // namespace weir::http
