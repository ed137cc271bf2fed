// A TLS client as the benchmark's load. Every handshake is a full one, and every certificate is checked against one
// authority: what is counted was answered by whoever holds that authority's key. wrk will not do, as it resumes its
// sessions and looks at no certificate.
//   tls_load connections ADDRESS AUTHORITY SECONDS   a new connection for each request, as many as there is time for
//   tls_load names ADDRESS AUTHORITY SECONDS         the same, each for a name never asked for before
//   tls_load bulk ADDRESS AUTHORITY SECONDS          /bulk again and again on one connection
//   tls_load hold ADDRESS AUTHORITY COUNT            connections used once each and kept until the input ends
// Prints one JSON object.
#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/bench/tls_objects.hpp"

using namespace weir::bench;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kThreads = 64;  // connections at once, as wrk has in the other rows
constexpr std::uint16_t kPort = 443;
constexpr std::string_view kName = "www.origin.example";
constexpr std::string_view kBody = "hello\n";
constexpr std::string_view kOk = "HTTP/1.1 200";

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

Socket dial(const char* address) {
  Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
  const int on = 1;
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(kPort);
  require(inet_pton(AF_INET, address, &to.sin_addr) == 1, "ADDRESS is to be an IPv4 address");
  require(connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0, "cannot connect");
  return socket;
}

class Connection {
 public:
  Connection(SSL_CTX* context, const char* address, std::string name)
      : socket_(dial(address)), tls_(SSL_new(context)), name_(std::move(name)) {
    expect_name(tls_.get(), name_);
    require(SSL_set_fd(tls_.get(), socket_.get()) == 1, "no TLS on the socket");
    if (SSL_connect(tls_.get()) != 1)
      fail("no handshake for " + name_ + ": " + X509_verify_cert_error_string(SSL_get_verify_result(tls_.get())));
    require(SSL_session_reused(tls_.get()) == 0, "a session was resumed");
  }

  void ask(std::string_view path, bool close) {
    const auto request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + name_ +
                         (close ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
    require(SSL_write(tls_.get(), request.data(), static_cast<int>(request.size())) > 0, "request not sent");
  }

  // Some bytes of the answer; none at its end.
  std::string_view receive() {
    const int count = SSL_read(tls_.get(), buffer_.data(), static_cast<int>(buffer_.size()));
    if (count > 0) return {buffer_.data(), static_cast<std::size_t>(count)};
    require(SSL_get_error(tls_.get(), count) == SSL_ERROR_ZERO_RETURN, "an answer was cut off");
    return {};
  }

  // The small answer, whole.
  void await_hello() {
    std::string answer;
    while (!answer.ends_with(kBody)) {
      const auto more = receive();
      require(!more.empty(), "an answer ended early");
      answer += more;
    }
    require(answer.starts_with(kOk), "the answer is no 200");
  }

  void await_end() {
    require(receive().empty(), "there is more than the answer");
    SSL_shutdown(tls_.get());
  }

  // Tells the leaf seen from others.
  std::string fingerprint() const {
    const Certificate leaf(SSL_get1_peer_certificate(tls_.get()));
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    require(X509_digest(leaf.get(), EVP_sha256(), digest.data(), &size) == 1, "no fingerprint");
    return {reinterpret_cast<const char*>(digest.data()), size};
  }

  std::string protocol() const { return SSL_get_version(tls_.get()); }
  std::string cipher() const { return SSL_get_cipher_name(tls_.get()); }

 private:
  Socket socket_;
  Tls tls_;
  std::string name_;
  std::array<char, 16384> buffer_;  // a record
};

Context context_for(const char* authority) {
  auto context = client_context(authority);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);  // the answers have lengths
  return context;
}

struct Load {
  SSL_CTX* context;
  const char* address;
  Clock::time_point until;
  bool new_names;
  std::atomic<unsigned> count{0};
};

// The fingerprints of the leaves one thread saw.
std::set<std::string> connect_again_and_again(Load& load) {
  std::set<std::string> leaves;
  while (Clock::now() < load.until) {
    const auto number = ++load.count;
    Connection connection(load.context, load.address,
                          load.new_names ? "n" + std::to_string(number) + ".origin.example" : std::string(kName));
    connection.ask("/", true);
    connection.await_hello();
    connection.await_end();
    leaves.insert(connection.fingerprint());
  }
  return leaves;
}

void connections(const char* address, const char* authority, int for_seconds, bool new_names) {
  const auto context = context_for(authority);
  const auto start = Clock::now();
  Load load{context.get(), address, start + std::chrono::seconds(for_seconds), new_names};
  std::array<std::set<std::string>, kThreads> seen;
  std::vector<std::jthread> threads;
  for (auto& leaves : seen) threads.emplace_back([&leaves, &load] { leaves = connect_again_and_again(load); });
  threads.clear();
  const auto took = seconds(Clock::now() - start);
  std::set<std::string> leaves;
  for (auto& some : seen) leaves.merge(some);
  std::printf("{\"count\": %u, \"seconds\": %.6f, \"leaves\": %zu}\n", load.count.load(), took, leaves.size());
}

void bulk(const char* address, const char* authority, int for_seconds) {
  const auto context = context_for(authority);
  Connection connection(context.get(), address, std::string(kName));
  const auto start = Clock::now();
  const auto until = start + std::chrono::seconds(for_seconds);
  std::size_t received = 0;
  std::size_t left = 0;  // of this answer
  while (Clock::now() < until) {
    if (left == 0) {
      connection.ask("/bulk", false);
      std::string head;
      while (head.find("\r\n\r\n") == std::string::npos) {
        const auto more = connection.receive();
        require(!more.empty(), "an answer ended early");
        head += more;
      }
      const auto length = head.find("Content-Length: ");
      require(head.starts_with(kOk) && length != std::string::npos, "the answer is no 200 with a length");
      const auto body = head.size() - head.find("\r\n\r\n") - 4;
      left = std::stoull(head.substr(length + 16)) - body;
      received += body;
    }
    const auto more = connection.receive();
    require(!more.empty(), "an answer ended early");
    received += more.size();
    left -= more.size();
  }
  std::printf("{\"bytes\": %zu, \"seconds\": %.6f, \"protocol\": \"%s\", \"cipher\": \"%s\"}\n", received,
              seconds(Clock::now() - start), connection.protocol().c_str(), connection.cipher().c_str());
}

void hold(const char* address, const char* authority, int count) {
  const auto context = context_for(authority);
  std::vector<std::unique_ptr<Connection>> held;
  for (int i = 0; i < count; ++i) {
    held.push_back(std::make_unique<Connection>(context.get(), address, std::string(kName)));
    held.back()->ask("/", false);
    held.back()->await_hello();
  }
  std::printf("{\"held\": %zu}\n", held.size());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 5 ? argv[1] : "";
  const int amount = argc == 5 ? std::atoi(argv[4]) : 0;
  if (what == "connections" || what == "names") return connections(argv[2], argv[3], amount, what == "names"), 0;
  if (what == "bulk") return bulk(argv[2], argv[3], amount), 0;
  if (what == "hold") return hold(argv[2], argv[3], amount), 0;
  return std::fputs("usage: tls_load connections|names|bulk|hold ADDRESS AUTHORITY SECONDS|COUNT\n", stderr), 2;
}
