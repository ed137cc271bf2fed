// weir as the client: what it makes of origins that speak OpenSSL.
#include "tests/unit/tls_ends.hpp"

using namespace weir;
using test::issuer;
using test::meet;
using test::Peer;
using test::Progress;
using test::Wire;

namespace {

tls::DialAs dialling(const std::string& name = "www.example.test") {
  return {.origin = "198.51.100.7:443 " + name, .server_name = name, .judged_by = name, .alpn = {}};
}

void only(SSL_CTX* context, int version) {
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
}

// One handshake with an origin that is done.
struct Visit {
  Visit(tls::UpstreamSide& side, SSL_CTX* origin, tls::DialAs as) : theirs(origin, wire.peer) {
    ours = side.open(wire.watch, std::move(as));
    REQUIRE(meet(wire, *ours, theirs) == Progress::done);
    test::receive(wire, *ours);  // tickets
  }
  bool resumed() {
    const bool by_theirs = SSL_session_reused(theirs.ssl()) == 1;
    CHECK(ours->facts().resumed == by_theirs);
    return by_theirs;
  }

  Wire wire;
  Peer theirs;
  std::unique_ptr<tls::UpstreamConnection> ours;
};

int choose_second(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned, void*) {
  *out = in + in[0] + 2;
  *size = in[in[0] + 1];
  return SSL_TLSEXT_ERR_OK;
}

int refuse_all(SSL*, const unsigned char**, unsigned char*, const unsigned char*, unsigned, void*) {
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

TEST_CASE("upstream side: a good origin is trusted, and hears the client's name and protocols", "[tls]") {
  tls::UpstreamSide side(TLS1_2_VERSION, issuer().trust(), nullptr);
  const auto origin = test::server_context(*issuer().leaf("www.example.test"));
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  only(origin.get(), version);
  SSL_CTX_set_alpn_select_cb(origin.get(), choose_second, nullptr);
  auto as = dialling();
  as.alpn = std::string("\2h2\10http/1.1", 12);
  Visit visit(side, origin.get(), std::move(as));
  CHECK(visit.ours->verdict().trusted());
  CHECK(std::string(SSL_get_servername(visit.theirs.ssl(), TLSEXT_NAMETYPE_host_name)) == "www.example.test");
  CHECK(visit.ours->alpn() == "http/1.1");
  CHECK(visit.ours->facts().version == (version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2"));
  CHECK_FALSE(visit.ours->wants_certificate());
  REQUIRE(visit.ours->certificate() != nullptr);
  CHECK(X509_check_host(visit.ours->certificate(), "www.example.test", 0, 0, nullptr) == 1);
}

TEST_CASE("upstream side: without a name none is sent, and the origin's own names are its client's to judge", "[tls]") {
  tls::UpstreamSide side(TLS1_2_VERSION, issuer().trust(), nullptr);
  const auto origin = test::server_context(*issuer().leaf("other.test"));
  Visit visit(side, origin.get(), {.origin = "o", .server_name = {}, .judged_by = {}, .alpn = {}});
  CHECK(SSL_get_servername(visit.theirs.ssl(), TLSEXT_NAMETYPE_host_name) == nullptr);
  CHECK(visit.ours->verdict().trusted());
  CHECK(visit.ours->alpn().empty());
}

TEST_CASE("upstream side: a bad origin's handshake is done, its verdict says what is wrong, and nothing is kept",
          "[tls]") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto origin = test::server_context(*issuer().leaf("other.test"));
  only(origin.get(), version);
  SECTION("another name") {
    tls::UpstreamSide side(TLS1_2_VERSION, issuer().trust(), nullptr);
    Visit visit(side, origin.get(), dialling());
    CHECK(visit.ours->verdict().faults == std::vector{pki::Fault::wrong_name});
    CHECK(side.sessions().size() == 0);  // NOLINT(readability-container-size-empty)
    CHECK_FALSE(Visit(side, origin.get(), dialling()).resumed());
  }
  SECTION("an issuer nobody knows") {
    tls::UpstreamSide side(TLS1_2_VERSION, test::Issuer().trust(), nullptr);
    Visit visit(side, origin.get(), dialling("other.test"));
    CHECK(visit.ours->verdict().faults == std::vector{pki::Fault::unknown_issuer});
    CHECK(side.sessions().size() == 0);  // NOLINT(readability-container-size-empty)
  }
}

// No connection here ends with close_notify: that is no reason not to resume.
TEST_CASE("upstream side: sessions are resumed with the same origin and name, and no other", "[tls]") {
  tls::UpstreamSide side(TLS1_2_VERSION, issuer().trust(), nullptr);
  const auto origin = test::server_context(*issuer().leaf("www.example.test"));
  only(origin.get(), GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(Visit(side, origin.get(), dialling()).resumed());
  CHECK(side.sessions().size() >= 1);
  Visit again(side, origin.get(), dialling());
  CHECK(again.resumed());
  CHECK(again.ours->verdict().trusted());
  REQUIRE(again.ours->certificate() != nullptr);  // a leaf is made of it
  auto elsewhere = dialling();
  elsewhere.origin = "203.0.113.9:443 www.example.test";
  CHECK_FALSE(Visit(side, origin.get(), std::move(elsewhere)).resumed());
}

TEST_CASE("upstream side: a session that the origin has forgotten is a handshake like the first, and is judged",
          "[tls]") {
  tls::UpstreamSide side(TLS1_2_VERSION, issuer().trust(), nullptr);
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto before = test::server_context(*issuer().leaf("www.example.test"));
  only(before.get(), version);
  Visit first(side, before.get(), dialling());
  const auto after = test::server_context(*issuer().leaf("other.test"));
  only(after.get(), version);
  Visit second(side, after.get(), dialling());
  CHECK_FALSE(second.resumed());
  CHECK(second.ours->verdict().faults == std::vector{pki::Fault::wrong_name});
}

TEST_CASE("upstream side: an origin that asks for a client certificate stops the handshake", "[tls]") {
  tls::UpstreamSide side(TLS1_2_VERSION, issuer().trust(), nullptr);
  const auto origin = test::server_context(*issuer().leaf("www.example.test"));
  only(origin.get(), GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  SSL_CTX_set_verify(origin.get(), GENERATE(SSL_VERIFY_PEER, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
                     nullptr);
  Wire wire;
  const auto ours = side.open(wire.watch, dialling());
  Peer theirs(origin.get(), wire.peer);
  CHECK(meet(wire, *ours, theirs) == Progress::wait);
  CHECK(ours->wants_certificate());
  CHECK_FALSE(ours->is_established());
}

TEST_CASE("upstream side: an origin is not let renegotiate", "[tls]") {
  tls::UpstreamSide side(TLS1_2_VERSION, issuer().trust(), nullptr);
  const auto origin = test::server_context(*issuer().leaf("www.example.test"));
  only(origin.get(), TLS1_2_VERSION);
  Visit visit(side, origin.get(), dialling());
  REQUIRE(SSL_renegotiate(visit.theirs.ssl()) == 1);
  REQUIRE(visit.theirs.handshake());  // HelloRequest
  CHECK(test::receive(visit.wire, *visit.ours).state == test::Io::State::wait);
  visit.theirs.read();
  CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION);  // as the origin heard it
}

TEST_CASE("upstream side: an origin's refusal is called by its alert", "[tls]") {
  using Kind = tls::Failure::Kind;
  const auto origin = test::server_context(*issuer().leaf("www.example.test"));
  SECTION("of the protocols offered") {
    tls::UpstreamSide side(TLS1_2_VERSION, issuer().trust(), nullptr);
    SSL_CTX_set_alpn_select_cb(origin.get(), refuse_all, nullptr);
    Wire wire;
    auto as = dialling();
    as.alpn = "\2h2";
    const auto ours = side.open(wire.watch, std::move(as));
    Peer theirs(origin.get(), wire.peer);
    CHECK(meet(wire, *ours, theirs) == Progress::failed);
    CHECK(ours->failure().kind == Kind::peer_alert);
    CHECK(ours->failure().alert == SSL_AD_NO_APPLICATION_PROTOCOL);
  }
  SECTION("of the version") {
    tls::UpstreamSide side(TLS1_3_VERSION, issuer().trust(), nullptr);
    only(origin.get(), TLS1_2_VERSION);
    Wire wire;
    const auto ours = side.open(wire.watch, dialling());
    Peer theirs(origin.get(), wire.peer);
    CHECK(meet(wire, *ours, theirs) == Progress::failed);
    CHECK(ours->failure().kind == Kind::version);
    CHECK(ours->failure().alert == SSL_AD_PROTOCOL_VERSION);
  }
}

TEST_CASE("upstream side: an origin that is no TLS, or closes, is called so", "[tls]") {
  using Kind = tls::Failure::Kind;
  tls::UpstreamSide side(TLS1_2_VERSION, issuer().trust(), nullptr);
  Wire wire;
  const auto ours = side.open(wire.watch, dialling());
  CHECK(ours->handshake() == Progress::wait);
  std::array<char, 2000> hello{};
  REQUIRE(::recv(wire.peer.get(), hello.data(), hello.size(), 0) > 0);
  SECTION("HTTP") {
    constexpr std::string_view kAnswer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    ::send(wire.peer.get(), kAnswer.data(), kAnswer.size(), 0);
    wire.look();
    CHECK(ours->handshake() == Progress::failed);
    CHECK(ours->failure().kind == Kind::not_tls);
  }
  SECTION("a close") {
    wire.peer.close();
    wire.look();
    CHECK(ours->handshake() == Progress::failed);
    CHECK(ours->failure().kind == Kind::closed);
  }
}
