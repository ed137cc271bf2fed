// What an origin sends as HTTP/2: whatever it is, the client gets what is well formed, or sees that something is
// missing.
#include "tests/fuzz/conversation_pipe.hpp"

using namespace weir::fuzz;
using weir::test::H1Client;
using weir::test::H2Peer;
using weir::test::Peer;

namespace {

void run(std::string bytes, Speaks speaks, std::size_t piece) {
  Gateway gateway(speaks, Speaks::http2, piece);
  H1Client client1;
  H2Peer client2(H2Peer::Role::client);
  client2.settings();
  Peer& client = speaks == Speaks::http1 ? static_cast<Peer&>(client1) : client2;
  client.request({"GET /a"});
  client.request({"POST /b", {}, std::string(piece > 100 ? 70'000 : 3000, 'b'), false, 0, {{"x", "y"}}});
  client.request({"HEAD /c"});
  client.request({"GET /d"});
  std::string from_client;
  for (bool moved = true; moved;) {
    from_client += client.output();
    moved = gateway.give(gateway.client(), from_client);
    moved |= !gateway.take(gateway.upstream()).empty();
    moved |= gateway.give(gateway.upstream(), bytes);
    const auto out = gateway.take(gateway.client());
    if (!out.empty()) client.input(out);
    moved |= !out.empty();
  }
  require(client1.fault == weir::http::Fault::none && client2.error.empty());
  require(!client2.goaway || *client2.goaway == NGHTTP2_NO_ERROR);
  gateway.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const auto speaks : {Speaks::http1, Speaks::http2}) {
    run(bytes, speaks, 1 << 16);
    run(bytes, speaks, 1U + data[size - 1] % 31U);
  }
  return 0;
}
