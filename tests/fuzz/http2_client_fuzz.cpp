// What a client sends as HTTP/2: whatever it is, each origin gets only what is well formed, and all goes on record.
#include "tests/fuzz/conversation_pipe.hpp"

using namespace weir::fuzz;
using weir::test::H1Origin;
using weir::test::H2Peer;
using weir::test::Peer;
using weir::test::Say;

namespace {

// It answers each request, large ones late.
void answer(Peer& origin, std::size_t& answered) {
  for (; answered < origin.seen() && origin.got(answered).whole; ++answered) {
    const auto big = origin.got(answered).body.size() % 3 == 1;
    origin.respond(answered, Say{"200", {{"x", "y"}}, std::string(big ? 100'000 : 5, 'a'), answered % 2 == 0});
  }
}

void run(std::string bytes, Speaks speaks, std::size_t piece, bool reads) {
  bytes.insert(0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  Gateway gateway(Speaks::http2, speaks, piece);
  H1Origin origin1;
  H2Peer origin2(H2Peer::Role::server);
  origin2.settings({{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}, {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 7}});
  Peer& origin = speaks == Speaks::http1 ? static_cast<Peer&>(origin1) : origin2;
  std::string from_origin;
  std::size_t answered = 0;
  for (bool moved = true; moved;) {
    moved = gateway.give(gateway.client(), bytes);
    for (auto out = gateway.take(gateway.upstream()); !out.empty(); out = gateway.take(gateway.upstream())) {
      origin.input(out);
      moved = true;
    }
    answer(origin, answered);
    from_origin += origin.output();
    moved |= gateway.give(gateway.upstream(), from_origin);
    if (reads) moved |= !gateway.take(gateway.client()).empty();
  }
  require(origin1.fault == weir::http::Fault::none && origin2.error.empty());
  require(!origin2.goaway || *origin2.goaway == NGHTTP2_NO_ERROR);
  for (std::size_t i = 0; i < origin.seen(); ++i)
    require(origin.got(i).reset.value_or(0) != NGHTTP2_PROTOCOL_ERROR || !origin.got(i).head.empty());
  gateway.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t last = data[size - 1];
  for (const auto speaks : {Speaks::http1, Speaks::http2}) {
    run(bytes, speaks, 1 << 16, true);
    run(bytes, speaks, 1 + last % 31, last % 2 == 0);
  }
  return 0;
}
