// A client's first bytes: whole, in pieces and under tight limits, the same answer.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "tls/client_hello_reader.hpp"

namespace {

using weir::tls::ClientHello;
using weir::tls::ClientHelloReader;
using Bytes = std::span<const std::uint8_t>;
using Status = ClientHelloReader::Status;

void require(bool holds) {
  if (!holds) std::abort();
}

// In pieces of `size`, the first of `first`, each on the heap for itself and gone after it was fed.
ClientHelloReader read(Bytes stream, std::size_t first, std::size_t size, weir::tls::ClientHelloLimits limits = {}) {
  ClientHelloReader reader(limits);
  for (auto next = first; !stream.empty(); next = size) {
    const auto piece = stream.first(std::min(next, stream.size()));
    const auto copy = std::make_unique<std::uint8_t[]>(piece.size());
    std::ranges::copy(piece, copy.get());
    const auto before = reader.status();
    const auto now = reader.feed({copy.get(), piece.size()});
    require(before == Status::need_more || now == before);
    stream = stream.subspan(piece.size());
  }
  return reader;
}

void require_equal(const ClientHelloReader& one, const ClientHelloReader& other) {
  require(one.status() == other.status() && one.hello() == other.hello() && one.refusal() == other.refusal());
}

template <typename Code>
bool has_grease(const std::vector<Code>& codes) {
  return std::ranges::any_of(codes, [](Code code) { return weir::tls::is_grease(static_cast<std::uint16_t>(code)); });
}

void require_sound(const ClientHello& hello, std::size_t size) {
  constexpr std::size_t kShortest = 5 + 4 + 2 + 32 + 1 + 4 + 2;
  require(hello.stream_bytes >= kShortest && hello.stream_bytes <= size);
  require(hello.session_id.size() <= 32);
  require(!has_grease(hello.cipher_suites) && !has_grease(hello.extensions) && !has_grease(hello.supported_groups) &&
          !has_grease(hello.key_share_groups) && !has_grease(hello.signature_algorithms));
  require(!hello.server_name || !hello.server_name->empty());
  require(!hello.record_size_limit || *hello.record_size_limit >= 64);
  std::size_t names = 0;
  for (const auto name : hello.alpn.names()) {
    require(!name.empty() && hello.alpn.contains(name));
    names += 1 + name.size();
  }
  require(names == hello.alpn.wire().size());
  // What is held of a hello is not more than was sent.
  require(2 * (hello.cipher_suites.size() + hello.extensions.size() + hello.supported_groups.size() +
               hello.signature_algorithms.size()) +
              names <
          size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes stream(data, size);
  const auto whole = read(stream, size, size);
  // The end of the input says where to cut, so that the corpus is of plain hellos.
  const std::size_t last = data[size - 1] + (size > 1 ? data[size - 2] * std::size_t{256} : 0);
  require_equal(whole, read(stream, last % size, size));
  require_equal(whole, read(stream, last % 7, 1 + last % 61));
  if (whole.status() == Status::done) require_sound(whole.hello(), size);
  const bool refused =
      whole.status() == Status::invalid || whole.status() == Status::too_large || whole.status() == Status::sslv2;
  require(refused == whole.refusal().has_value() && (!refused || *whole.refusal()->reason != '\0'));

  const auto tight = read(stream, size, size, {.message_bytes = 100, .records = 2});
  if (tight.status() != Status::too_large) require_equal(whole, tight);
  return 0;
}
