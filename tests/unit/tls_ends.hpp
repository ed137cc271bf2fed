// TLS between weir's end of a socket pair and OpenSSL's own at the other, moved by the test itself, without threads.
#pragma once

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>

#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "pki/leaf.hpp"
#include "pki/trust.hpp"
#include "proxy/tls/client_side.hpp"
#include "proxy/tls/upstream_side.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/conf_folder.hpp"

namespace weir::test {

// An authority, whom a Trust of its own believes, and leaves of it.
class Issuer {
 public:
  Issuer() {
    auto authority = pki::make_untrusted_authority();
    REQUIRE(authority.has_value());
    authority_ = std::make_shared<const pki::Authority>(std::move(*authority));
    auto maker = pki::LeafMaker::make(authority_);
    REQUIRE(maker.has_value());
    maker_ = std::move(*maker);
  }

  pki::LeafPointer leaf(const std::string& name, pki::KeyKind kind = pki::KeyKind::ecdsa) const {
    const auto now = std::chrono::system_clock::now();
    const auto made = maker_->make_leaf({.names = pki::name_for(name).value(),
                                         .common_name = name,
                                         .not_before = now - std::chrono::hours(1),
                                         .not_after = now + std::chrono::hours(24),
                                         .validity = pki::Validity::limited,
                                         .key = kind},
                                        now);
    REQUIRE(made.has_value());
    return *made;
  }

  std::shared_ptr<const pki::Trust> trust() const {
    const tests::Folder folder;
    auto trust = pki::Trust::load(folder.write(pki::to_pem(*authority_->root()), "root.pem"));
    REQUIRE(trust.has_value());
    return std::make_shared<const pki::Trust>(std::move(*trust));
  }

 private:
  std::shared_ptr<const pki::Authority> authority_;
  std::unique_ptr<const pki::LeafMaker> maker_;
};

inline const Issuer& issuer() {
  static const Issuer issuer;
  return issuer;
}

// Two connected sockets that do not block: weir's under watch, and the peer's.
struct Wire {
  Wire() {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    peer = net::Descriptor(ends[1]);
    REQUIRE_FALSE(watch.open(poller, net::Descriptor(ends[0])));
  }
  void look() { poller.turn(std::chrono::milliseconds(0)); }

  net::Poller poller;
  net::Waiter waiter{poller};
  net::Watch watch{waiter};
  net::Descriptor peer;
};

inline tls::Context peer_context(const SSL_METHOD* method) {
  tls::Context context(SSL_CTX_new(method));
  REQUIRE(context != nullptr);
  return context;
}

inline tls::Context server_context(const pki::Leaf& leaf) {
  auto context = peer_context(TLS_server_method());
  REQUIRE(SSL_CTX_use_cert_and_key(context.get(), leaf.certificate.get(), leaf.key.get(), nullptr, 1) == 1);
  return context;
}

// OpenSSL on the peer's socket.
class Peer {
 public:
  Peer(SSL_CTX* context, const net::Descriptor& socket) : ssl_(SSL_new(context)) {
    SSL_set_fd(ssl_.get(), socket.get());
    if (SSL_CTX_get_ssl_method(context) == TLS_client_method())
      SSL_set_connect_state(ssl_.get());
    else
      SSL_set_accept_state(ssl_.get());
  }
  SSL* ssl() { return ssl_.get(); }
  bool handshake() {
    ERR_clear_error();
    return SSL_do_handshake(ssl_.get()) == 1;
  }
  // All that is there; its end and its failure show in `last_error`.
  std::string read() {
    std::string all;
    std::array<char, 20000> part{};
    for (;;) {
      ERR_clear_error();
      std::size_t size = 0;
      const int result = SSL_read_ex(ssl_.get(), part.data(), part.size(), &size);
      last_error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
      if (result != 1) return all;
      all.append(part.data(), size);
    }
  }
  bool write(std::string_view text) {
    ERR_clear_error();
    std::size_t size = 0;
    return SSL_write_ex(ssl_.get(), text.data(), text.size(), &size) == 1 && size == text.size();
  }
  // The session as it is after what came last: with TLS 1.3's ticket.
  tls::Resumable session() {
    read();
    return tls::Resumable(SSL_get1_session(ssl_.get()));
  }

  int last_error = SSL_ERROR_NONE;

 private:
  tls::Session ssl_;
};

using Progress = tls::Connection::Progress;

// Both handshakes in turn, until weir's is decided and the peer has seen what it has to say of it; `wait` where neither
// goes on.
inline Progress meet(Wire& wire, tls::Connection& ours, Peer& theirs) {
  constexpr int kMostRounds = 20;
  auto progress = Progress::wait;
  for (int round = 0; round < kMostRounds; ++round) {
    const bool done = theirs.handshake();
    wire.look();
    progress = ours.handshake();
    if (progress == Progress::done && done) break;
    if (progress != Progress::failed) continue;
    theirs.handshake();
    break;
  }
  return progress;
}

inline tls::ServeAs serving(const pki::LeafPointer& leaf, std::string alpn = {}) {
  return {.leaf = leaf, .alpn = std::move(alpn), .identity = {1, 2, 3}, .resumable = true};
}

inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

using Io = net::Stream::Io;

// What comes until there is no more for now, and the state that ended it.
struct Received {
  std::string text;
  Io::State state = Io::State::wait;
};
inline Received receive(Wire& wire, tls::Connection& ours) {
  Received received;
  std::array<std::uint8_t, 50000> part{};
  for (;;) {
    wire.look();
    const auto io = ours.read(part);
    received.state = io.state;
    if (io.state != Io::State::moved) return received;
    received.text.append(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(io.size));
  }
}

}  // namespace weir::test
