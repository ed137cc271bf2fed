// weir as the server: what a client meets that speaks OpenSSL.
#include "tests/unit/tls_ends.hpp"

using namespace weir;
using test::issuer;
using test::meet;
using test::Peer;
using test::Progress;
using test::serving;
using test::Wire;

namespace {

tls::Context client_context(int version = 0) {
  auto context = test::peer_context(TLS_client_method());
  if (version != 0) {
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
  }
  return context;
}

std::string alpn_of(const SSL* ssl) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

// One handshake with `as`, resuming `session` where there is one.
struct Visit {
  Visit(tls::ClientSide& side, SSL_CTX* context, tls::ServeAs as, SSL_SESSION* session = nullptr)
      : theirs(context, wire.peer), ours(side.open(wire.watch, {}, std::move(as))) {
    REQUIRE(ours != nullptr);
    SSL_set_tlsext_host_name(theirs.ssl(), "www.example.test");
    if (session != nullptr) REQUIRE(SSL_set_session(theirs.ssl(), session) == 1);
    REQUIRE(meet(wire, *ours, theirs) == Progress::done);
  }
  bool resumed() {
    const bool by_theirs = SSL_session_reused(theirs.ssl()) == 1;
    CHECK(ours->facts().resumed == by_theirs);
    return by_theirs;
  }

  Wire wire;
  Peer theirs;
  std::unique_ptr<tls::ClientConnection> ours;
};

}  // namespace

TEST_CASE("client side: the leaf, the ALPN and the version agreed on", "[tls]") {
  tls::TicketKeys keys;
  tls::ClientSide side(TLS1_2_VERSION, keys, nullptr);
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto kind = GENERATE(pki::KeyKind::ecdsa, pki::KeyKind::rsa);
  const auto context = client_context(version);
  const std::string offers("\2h2\10http/1.1", 12);
  SSL_CTX_set_alpn_protos(context.get(), test::bytes_of(offers).data(), 12);
  Visit visit(side, context.get(), serving(issuer().leaf("www.example.test", kind), "http/1.1"));
  CHECK(visit.ours->is_established());
  CHECK(alpn_of(visit.theirs.ssl()) == "http/1.1");
  CHECK(visit.ours->alpn() == "http/1.1");
  const auto facts = visit.ours->facts();
  CHECK(facts.version == (version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2"));
  CHECK(facts.cipher == SSL_get_cipher_name(visit.theirs.ssl()));
  CHECK_FALSE(facts.group.empty());
  CHECK_FALSE(facts.resumed);
  const pki::Certificate shown(SSL_get1_peer_certificate(visit.theirs.ssl()));
  CHECK(X509_check_host(shown.get(), "www.example.test", 0, 0, nullptr) == 1);
  CHECK(EVP_PKEY_get_base_id(X509_get0_pubkey(shown.get())) ==
        (kind == pki::KeyKind::rsa ? EVP_PKEY_RSA : EVP_PKEY_EC));
}

TEST_CASE("client side: no ALPN where the origin chose none", "[tls]") {
  tls::TicketKeys keys;
  tls::ClientSide side(TLS1_2_VERSION, keys, nullptr);
  const auto context = client_context();
  SSL_CTX_set_alpn_protos(context.get(), test::bytes_of("\2h2").data(), 3);
  Visit visit(side, context.get(), serving(issuer().leaf("www.example.test")));
  CHECK(alpn_of(visit.theirs.ssl()).empty());
  CHECK(visit.ours->alpn().empty());
}

TEST_CASE("client side: a hello that was read before is taken, wherever it was cut", "[tls]") {
  tls::TicketKeys keys;
  tls::ClientSide side(TLS1_2_VERSION, keys, nullptr);
  const auto context = client_context();
  const auto leaf = issuer().leaf("www.example.test");
  std::size_t size = 2;
  for (std::size_t split = 1; split <= size; ++split) {
    Wire wire;
    Peer theirs(context.get(), wire.peer);
    theirs.handshake();
    std::vector<std::uint8_t> hello(65536);
    const auto whole = ::recv(wire.watch.fd(), hello.data(), hello.size(), MSG_PEEK);
    REQUIRE(whole > 200);
    size = static_cast<std::size_t>(whole);
    REQUIRE(::recv(wire.watch.fd(), hello.data(), split, 0) == static_cast<ssize_t>(split));
    const auto ours = side.open(wire.watch, std::span(hello).first(split), serving(leaf));
    REQUIRE(ours->link().has_first());
    if (meet(wire, *ours, theirs) != Progress::done) FAIL_CHECK("no handshake when cut at " << split);
    if (ours->link().has_first()) FAIL_CHECK("not all was taken when cut at " << split);
  }
}

TEST_CASE("client side: a ticket resumes with the same identity, at any worker, and with no other", "[tls]") {
  tls::TicketKeys keys;
  tls::ClientSide side(TLS1_2_VERSION, keys, nullptr);
  tls::ClientSide other_worker(TLS1_2_VERSION, keys, nullptr);
  tls::TicketKeys keys_of_another_run;
  tls::ClientSide another_run(TLS1_2_VERSION, keys_of_another_run, nullptr);
  const auto context = client_context(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  const auto leaf = issuer().leaf("www.example.test");
  Visit first(side, context.get(), serving(leaf));
  CHECK_FALSE(first.resumed());
  const auto session = first.theirs.session();
  REQUIRE(SSL_SESSION_has_ticket(session.get()) == 1);
  CHECK(SSL_SESSION_get_ticket_lifetime_hint(session.get()) == 4 * 3600);
  CHECK(SSL_SESSION_get_max_early_data(session.get()) == 0);
  CHECK(Visit(side, context.get(), serving(leaf), session.get()).resumed());
  CHECK(Visit(other_worker, context.get(), serving(leaf), session.get()).resumed());
  CHECK_FALSE(Visit(another_run, context.get(), serving(leaf), session.get()).resumed());
  auto another = serving(leaf);
  another.identity = {9};
  CHECK_FALSE(Visit(side, context.get(), std::move(another), session.get()).resumed());
}

TEST_CASE("client side: what is not to be resumed gives no ticket and takes none", "[tls]") {
  tls::TicketKeys keys;
  tls::ClientSide side(TLS1_2_VERSION, keys, nullptr);
  const auto context = client_context(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  const auto leaf = issuer().leaf("www.example.test");
  auto once = serving(leaf);
  once.resumable = false;
  Visit visit(side, context.get(), once);
  CHECK(SSL_SESSION_has_ticket(visit.theirs.session().get()) == 0);
  Visit resumable(side, context.get(), serving(leaf));
  const auto session = resumable.theirs.session();
  CHECK_FALSE(Visit(side, context.get(), once, session.get()).resumed());
}

TEST_CASE("client side: early data for somebody else's ticket is passed over, not read", "[tls]") {
  // A server that takes 0-RTT gave the client its ticket.
  const auto context = client_context(TLS1_3_VERSION);
  const auto leaf = issuer().leaf("www.example.test");
  const auto origin = test::server_context(*leaf);
  SSL_CTX_set_max_early_data(origin.get(), 16384);
  tls::Resumable session;
  {
    Wire wire;
    const std::unique_ptr<SSL, tls::SslFree> server(SSL_new(origin.get()));
    SSL_set_fd(server.get(), wire.watch.fd());
    Peer theirs(context.get(), wire.peer);
    for (int i = 0; i < 4; ++i) {
      theirs.handshake();
      SSL_accept(server.get());
    }
    session = theirs.session();
    REQUIRE(SSL_SESSION_get_max_early_data(session.get()) > 0);
  }
  tls::TicketKeys keys;
  tls::ClientSide side(TLS1_2_VERSION, keys, nullptr);
  Wire wire;
  const auto ours = side.open(wire.watch, {}, serving(leaf));
  Peer theirs(context.get(), wire.peer);
  SSL_set_session(theirs.ssl(), session.get());
  std::size_t written = 0;
  REQUIRE(SSL_write_early_data(theirs.ssl(), "GET /pay", 8, &written) == 1);
  CHECK(meet(wire, *ours, theirs) == Progress::done);
  CHECK(SSL_get_early_data_status(theirs.ssl()) == SSL_EARLY_DATA_REJECTED);
  REQUIRE(theirs.write("GET /"));
  CHECK(test::receive(wire, *ours).text == "GET /");
}

TEST_CASE("client side: a client that refuses the leaf says so by an alert", "[tls]") {
  tls::TicketKeys keys;
  tls::ClientSide side(TLS1_2_VERSION, keys, nullptr);
  const auto context = client_context(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  Wire wire;
  const auto ours = side.open(wire.watch, {}, serving(issuer().leaf("www.example.test")));
  Peer theirs(context.get(), wire.peer);
  CHECK(meet(wire, *ours, theirs) == Progress::failed);
  CHECK(ours->failure().kind == tls::Failure::Kind::peer_alert);
  CHECK(ours->failure().alert == SSL_AD_UNKNOWN_CA);
  CHECK(ours->failure().error.category() == tls::openssl_category());
  CHECK_FALSE(ours->failure().text.empty());
  CHECK_FALSE(ours->is_established());
}

TEST_CASE("client side: a client below the minimum version is told so", "[tls]") {
  tls::TicketKeys keys;
  tls::ClientSide side(TLS1_3_VERSION, keys, nullptr);
  const auto context = client_context(TLS1_2_VERSION);
  Wire wire;
  const auto ours = side.open(wire.watch, {}, serving(issuer().leaf("www.example.test")));
  Peer theirs(context.get(), wire.peer);
  CHECK(meet(wire, *ours, theirs) == Progress::failed);
  CHECK(ours->failure().kind == tls::Failure::Kind::version);
  CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);  // as the client heard it
}

TEST_CASE("client side: what is no TLS, and what stops in the middle, is called so", "[tls]") {
  using Kind = tls::Failure::Kind;
  tls::TicketKeys keys;
  tls::ClientSide side(TLS1_2_VERSION, keys, nullptr);
  Wire wire;
  const auto ours = side.open(wire.watch, {}, serving(issuer().leaf("www.example.test")));
  const auto fails_with = [&](std::string_view sent, bool ends) {
    ::send(wire.peer.get(), sent.data(), sent.size(), 0);
    if (ends) ::shutdown(wire.peer.get(), SHUT_WR);
    wire.look();
    CHECK(ours->handshake() == Progress::failed);
    return ours->failure().kind;
  };
  SECTION("HTTP") { CHECK(fails_with("GET / HTTP/1.1\r\nHost: x\r\n\r\n", false) == Kind::not_tls); }
  SECTION("SSH") { CHECK(fails_with("SSH-2.0-x\r\n", false) == Kind::not_tls); }
  SECTION("nothing") { CHECK(fails_with("", true) == Kind::closed); }
  SECTION("a record's beginning") { CHECK(fails_with("\x16\x03\x01", true) == Kind::closed); }
  SECTION("a message that may not come") { CHECK(fails_with({"\x17\3\3\0\1x", 6}, false) == Kind::protocol); }
  SECTION("a reset") {
    const auto context = client_context();
    Peer theirs(context.get(), wire.peer);
    theirs.handshake();
    wire.look();
    CHECK(ours->handshake() == Progress::wait);
    wire.peer.close();  // over what it has not read
    wire.look();
    CHECK(ours->handshake() == Progress::failed);
    CHECK(ours->failure().kind == Kind::socket);
    CHECK(ours->failure().error == std::errc::connection_reset);
  }
}

TEST_CASE("every kind of failure has a name", "[tls]") {
  using Kind = tls::Failure::Kind;
  for (const auto kind :
       {Kind::closed, Kind::socket, Kind::peer_alert, Kind::version, Kind::not_tls, Kind::protocol, Kind::too_many})
    CHECK_FALSE(std::string(tls::name(kind)).empty());
}
