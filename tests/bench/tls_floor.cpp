// What OpenSSL alone needs on one core for what a decrypting proxy cannot do without: a server's and a client's full
// TLS 1.3 handshake a connection, and a record decrypted and encrypted again. No network, no HTTP, no relay. Run by
// scripts/bench:  tls_floor CERTIFICATE KEY AUTHORITY SECONDS  → one JSON object; SECONDS are of each figure.
#include <array>
#include <ctime>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "tests/bench/tls_objects.hpp"

using namespace weir::bench;

namespace {

constexpr const char* kName = "www.origin.example";
constexpr std::size_t kRecord = 16384;
constexpr int kBatch =
    8;  // records between two looks at the clock; with their ciphertexts they fit a second-level cache

double cpu() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Contexts {
  Context server;
  Context client;
};

Contexts make_contexts(char** files) {
  Contexts contexts{Context(SSL_CTX_new(TLS_server_method())), client_context(files[2])};
  auto* server = contexts.server.get();
  require(SSL_CTX_use_certificate_chain_file(server, files[0]) == 1, files[0]);
  require(SSL_CTX_use_PrivateKey_file(server, files[1], SSL_FILETYPE_PEM) == 1, files[1]);
  SSL_CTX_set_min_proto_version(server, TLS1_3_VERSION);
  return contexts;
}

struct Ends {
  Tls server;
  Tls client;
};

Ends make_ends(const Contexts& contexts) {
  Ends ends{Tls(SSL_new(contexts.server.get())), Tls(SSL_new(contexts.client.get()))};
  SSL_set_accept_state(ends.server.get());
  SSL_set_connect_state(ends.client.get());
  expect_name(ends.client.get(), kName);
  return ends;
}

void shake_hands(const Ends& ends) {
  bool done = false;
  for (int turn = 0; !done && turn < 8; ++turn) {
    const bool client = SSL_do_handshake(ends.client.get()) == 1;
    done = SSL_do_handshake(ends.server.get()) == 1 && client;
  }
  require(
      done && SSL_get_verify_result(ends.client.get()) == X509_V_OK && SSL_version(ends.server.get()) == TLS1_3_VERSION,
      "no handshake of TLS 1.3");
  require(SSL_session_reused(ends.server.get()) == 0, "a session was resumed");
}

void set_sockets(const Ends& ends, const Socket& server, const Socket& client) {
  for (const auto* socket : {&server, &client}) fcntl(socket->get(), F_SETFL, O_NONBLOCK);
  SSL_set_fd(ends.server.get(), server.get());
  SSL_set_fd(ends.client.get(), client.get());
}

// Both handshakes on a pair of sockets that no network is between.
void on_a_pair(const Contexts& contexts) {
  std::array<int, 2> pair{};
  require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0, "no pair of sockets");
  const Socket server(pair[0]);
  const Socket client(pair[1]);
  const auto ends = make_ends(contexts);
  set_sockets(ends, server, client);
  shake_hands(ends);
}

// On a TCP connection over loopback: as a proxy has to accept one and dial one.
void on_tcp(const Contexts& contexts, const Socket& listener, const sockaddr_in& address) {
  const Socket client(socket(AF_INET, SOCK_STREAM, 0));
  require(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "cannot connect");
  const Socket server(accept(listener.get(), nullptr, nullptr));
  const auto ends = make_ends(contexts);
  set_sockets(ends, server, client);
  shake_hands(ends);
}

// How many times a second of the processor.
template <typename Once>
double rate(double for_seconds, Once once) {
  once();
  const double start = cpu();
  int count = 0;
  for (; cpu() - start < for_seconds; ++count) once();
  return count / (cpu() - start);
}

double tcp_rate(const Contexts& contexts, double for_seconds) {
  const Socket listener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  require(bind(listener.get(), generic, size) == 0 && listen(listener.get(), 16) == 0 &&
              getsockname(listener.get(), generic, &size) == 0,
          "cannot listen on loopback");
  return rate(for_seconds, [&] { on_tcp(contexts, listener, address); });
}

// Two ends in memory, past their handshake.
Ends ends_in_memory(const Contexts& contexts) {
  auto ends = make_ends(contexts);
  for (const auto& [from, to] : {std::pair(&ends.server, &ends.client), std::pair(&ends.client, &ends.server)}) {
    BIO* memory = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(memory, -1);  // empty is "later", not the end
    BIO_up_ref(memory);
    SSL_set0_wbio(from->get(), memory);
    SSL_set0_rbio(to->get(), memory);
  }
  shake_hands(ends);
  return ends;
}

// Megabytes a second that are decrypted from one connection, as its client, and encrypted on another, as its server.
double relay_rate(const Contexts& contexts, const char* cipher, double for_seconds) {
  require(SSL_CTX_set_ciphersuites(contexts.server.get(), cipher) == 1, cipher);
  const auto upstream = ends_in_memory(contexts);
  const auto downstream = ends_in_memory(contexts);
  require(std::string(SSL_get_cipher_name(upstream.client.get())) == cipher, cipher);
  std::vector<char> record(kRecord, 'b');
  const auto size = static_cast<int>(kRecord);
  double spent = 0;
  double bytes = 0;
  while (spent < for_seconds) {
    for (int i = 0; i < kBatch; ++i)
      require(SSL_write(upstream.server.get(), record.data(), size) == size, "not written");
    const double start = cpu();
    for (int i = 0; i < kBatch; ++i) {
      require(SSL_read(upstream.client.get(), record.data(), size) == size, "no whole record");
      require(SSL_write(downstream.server.get(), record.data(), size) == size, "not written");
    }
    spent += cpu() - start;
    bytes += static_cast<double>(kRecord) * kBatch;
    BIO_reset(SSL_get_wbio(downstream.server.get()));  // nobody is to read it
  }
  return bytes / 1e6 / spent;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return std::fputs("usage: tls_floor CERTIFICATE KEY AUTHORITY SECONDS\n", stderr), 2;
  const auto contexts = make_contexts(argv + 1);
  const double for_seconds = std::atof(argv[4]);
  std::printf("{\"handshakes_a_s\": %.1f, \"tcp_handshakes_a_s\": %.1f",
              rate(for_seconds, [&] { on_a_pair(contexts); }), tcp_rate(contexts, for_seconds));
  for (const char* cipher : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"})
    std::printf(", \"%s\": %.1f", cipher, relay_rate(contexts, cipher, for_seconds));
  std::printf("}\n");
  return 0;
}
