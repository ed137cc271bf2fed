// Bytes over an established connection, and how it ends.
#include <random>

#include "tests/unit/tls_ends.hpp"

using namespace weir;
using test::bytes_of;
using test::Io;
using test::issuer;
using test::meet;
using test::Peer;
using test::Progress;
using test::receive;
using test::Wire;

namespace {

// weir's end as the server, established.
struct Talk {
  explicit Talk(int version = 0) : context(test::peer_context(TLS_client_method())) {
    if (version != 0) SSL_CTX_set_max_proto_version(context.get(), version);
    theirs.emplace(context.get(), wire.peer);
    ours = side.open(wire.watch, {}, test::serving(issuer().leaf("www.example.test")));
    REQUIRE(meet(wire, *ours, *theirs) == Progress::done);
  }

  tls::TicketKeys keys;
  tls::ClientSide side{TLS1_2_VERSION, keys, nullptr};
  tls::Context context;
  Wire wire;
  std::optional<Peer> theirs;
  std::unique_ptr<tls::ClientConnection> ours;
};

std::string noise(std::size_t size) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same bytes each run
  std::string text(size, '\0');
  for (auto& c : text) c = static_cast<char>(random());
  return text;
}

}  // namespace

TEST_CASE("tls connection: bytes go both ways", "[tls]") {
  Talk talk(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  REQUIRE(talk.theirs->write("question"));
  const auto received = receive(talk.wire, *talk.ours);
  CHECK(received.text == "question");
  CHECK(received.state == Io::State::wait);
  const auto written = talk.ours->write(bytes_of("answer"));
  CHECK(written.state == Io::State::moved);
  CHECK(written.size == 6);
  CHECK(talk.theirs->read() == "answer");
}

TEST_CASE("tls connection: what a slow reader does not take waits, and comes whole wherever it lies by then", "[tls]") {
  Talk talk;
  const auto data = noise(3'000'000);
  std::string got;
  std::size_t sent = 0;
  bool waited = false;
  bool took_part = false;
  std::array<std::string, 2> copies;  // of what is left, elsewhere each time
  for (std::size_t turn = 0; sent < data.size(); ++turn) {
    auto& copy = copies[turn % 2];
    copy = data.substr(sent);
    const auto io = talk.ours->write(bytes_of(copy));
    REQUIRE(io.state != Io::State::failed);
    took_part = took_part || (io.state == Io::State::moved && io.size < copy.size());
    sent += io.size;
    if (io.state == Io::State::moved) continue;
    waited = true;
    got += talk.theirs->read();
    talk.wire.look();
  }
  got += talk.theirs->read();
  CHECK(waited);
  CHECK(took_part);
  CHECK(got == data);
}

TEST_CASE("tls connection: several records are read at once", "[tls]") {
  Talk talk;
  for (int i = 0; i < 5; ++i) REQUIRE(talk.theirs->write("0123456789"));
  talk.wire.look();
  std::array<std::uint8_t, 100> into{};
  const auto io = talk.ours->read(into);
  CHECK(io.state == Io::State::moved);
  CHECK(io.size == 50);
}

TEST_CASE("tls connection: an end in order is told from one that was cut off", "[tls]") {
  Talk talk(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  REQUIRE(talk.theirs->write("last words"));
  SECTION("close_notify") {
    SSL_shutdown(talk.theirs->ssl());
    const auto received = receive(talk.wire, *talk.ours);
    CHECK(received.text == "last words");
    CHECK(received.state == Io::State::end);
    CHECK_FALSE(talk.ours->is_truncated());
  }
  SECTION("close_notify and the socket's end") {
    SSL_shutdown(talk.theirs->ssl());
    ::shutdown(talk.wire.peer.get(), SHUT_WR);
    CHECK(receive(talk.wire, *talk.ours).state == Io::State::end);
    CHECK_FALSE(talk.ours->is_truncated());
  }
  SECTION("the socket's end alone") {
    ::shutdown(talk.wire.peer.get(), SHUT_WR);
    const auto received = receive(talk.wire, *talk.ours);
    CHECK(received.text == "last words");
    CHECK(received.state == Io::State::end);
    CHECK(talk.ours->is_truncated());
  }
  SECTION("in the middle of a record") {
    const std::string_view part("\x17\3\3\0\x40 half", 10);
    ::send(talk.wire.peer.get(), part.data(), part.size(), 0);
    ::shutdown(talk.wire.peer.get(), SHUT_WR);
    const auto received = receive(talk.wire, *talk.ours);
    CHECK(received.text == "last words");
    CHECK(received.state == Io::State::end);
    CHECK(talk.ours->is_truncated());
  }
}

TEST_CASE("tls connection: an end is passed on as its sender meant it", "[tls]") {
  Talk talk(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  SECTION("in order") {
    CHECK(talk.ours->finish(true, false).state == Io::State::moved);
    CHECK(talk.theirs->read().empty());
    CHECK(talk.theirs->last_error == SSL_ERROR_ZERO_RETURN);
    CHECK(SSL_get_shutdown(talk.theirs->ssl()) == SSL_RECEIVED_SHUTDOWN);
    // The other direction stays open.
    REQUIRE(talk.theirs->write("and yet"));
    CHECK(receive(talk.wire, *talk.ours).text == "and yet");
  }
  SECTION("cut off") {
    CHECK(talk.ours->finish(false, false).state == Io::State::moved);
    CHECK(talk.theirs->read().empty());
    CHECK(talk.theirs->last_error == SSL_ERROR_SSL);  // unexpected eof
    CHECK(SSL_get_shutdown(talk.theirs->ssl()) == 0);
  }
  SECTION("with the close of the socket to come") {
    CHECK(talk.ours->finish(true, true).state == Io::State::moved);
    CHECK(talk.theirs->read().empty());
    CHECK(talk.theirs->last_error == SSL_ERROR_ZERO_RETURN);
    char byte = 0;
    CHECK(::recv(talk.wire.peer.get(), &byte, 1, 0) == -1);  // still open
    CHECK(errno == EAGAIN);
  }
}

TEST_CASE("tls connection: an end waits for room, and is told once", "[tls]") {
  Talk talk;
  const auto data = noise(100'000);
  while (talk.ours->write(bytes_of(data)).state == Io::State::moved) continue;
  // What waits in OpenSSL is written first, by the same bytes again.
  std::string got = talk.theirs->read();
  talk.wire.look();
  CHECK(talk.ours->write(bytes_of(data)).state == Io::State::moved);
  CHECK(talk.ours->finish(true, false).state == Io::State::moved);
  CHECK(talk.ours->finish(true, false).state == Io::State::moved);
  while (talk.theirs->last_error == SSL_ERROR_NONE || talk.theirs->last_error == SSL_ERROR_WANT_READ)
    got += talk.theirs->read();
  CHECK(talk.theirs->last_error == SSL_ERROR_ZERO_RETURN);
}

TEST_CASE("tls connection: a peer that is gone fails the write, a broken record the read", "[tls]") {
  Talk talk;
  SECTION("gone") {
    talk.wire.peer.close();
    CHECK(talk.ours->write(bytes_of("x")).state == Io::State::failed);
    CHECK(talk.ours->error() == std::errc::broken_pipe);
    CHECK(talk.ours->failure().kind == tls::Failure::Kind::socket);
  }
  SECTION("gone after its end") {
    if (GENERATE(false, true)) SSL_shutdown(talk.theirs->ssl());
    ::shutdown(talk.wire.peer.get(), SHUT_WR);
    REQUIRE(receive(talk.wire, *talk.ours).state == Io::State::end);
    talk.wire.peer.close();
    CHECK(talk.ours->write(bytes_of("x")).state == Io::State::failed);
    CHECK(talk.ours->error() == std::errc::broken_pipe);
  }
  SECTION("broken") {
    const std::string_view record("\x17\3\3\0\x20 0123456789012345678901234567890", 37);
    ::send(talk.wire.peer.get(), record.data(), record.size(), 0);
    CHECK(receive(talk.wire, *talk.ours).state == Io::State::failed);
    CHECK(talk.ours->failure().kind == tls::Failure::Kind::protocol);
    CHECK(talk.ours->error().category() == tls::openssl_category());
    CHECK(flow::code_of(talk.ours->error()) == flow::Code::tls);
  }
}

TEST_CASE("tls connection: key updates are taken, but not without an end", "[tls]") {
  Talk talk(TLS1_3_VERSION);
  const auto update = [&] {
    REQUIRE(SSL_key_update(talk.theirs->ssl(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    REQUIRE(talk.theirs->handshake());
  };
  for (int i = 0; i < 20; ++i) {
    update();
    REQUIRE(talk.theirs->write("x"));
    REQUIRE(receive(talk.wire, *talk.ours).text == "x");
  }
  auto state = Io::State::wait;
  int updates = 0;
  for (; updates < 5000 && state == Io::State::wait; ++updates) {
    update();
    state = receive(talk.wire, *talk.ours).state;
  }
  CHECK(state == Io::State::failed);
  CHECK(updates < 1100);
  CHECK(talk.ours->failure().kind == tls::Failure::Kind::too_many);
  CHECK(flow::code_of(talk.ours->error()) == flow::Code::tls);
}

TEST_CASE("tls connection: a client does not renegotiate", "[tls]") {
  Talk talk(TLS1_2_VERSION);
  REQUIRE(SSL_renegotiate(talk.theirs->ssl()) == 1);
  talk.theirs->handshake();
  CHECK(receive(talk.wire, *talk.ours).state != Io::State::moved);
  CHECK_FALSE(talk.theirs->handshake());
  CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION);
}
