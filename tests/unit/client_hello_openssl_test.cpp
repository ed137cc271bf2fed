// ClientHelloReader against OpenSSL's own reading of the same bytes (SSL_CTX_set_client_hello_cb(3)).
#include <map>
#include <random>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/unit/hello_readings.hpp"

using namespace weir::test;
using namespace weir::tls;
using Status = ClientHelloReader::Status;

namespace {

// What OpenSSL makes of a stream, before it decides anything.
struct OpensslView {
  bool asked = false;  // it took the hello for one
  unsigned legacy_version = 0;
  Bytes random;
  Bytes session_id;
  Bytes cipher_suites;
  std::vector<unsigned> extensions;  // those it knows, in the client's order
  std::map<unsigned, Bytes> data;    // of each extension the reader found and OpenSSL knows
  const ClientHello* reading = nullptr;
};

using Getter = std::size_t(SSL*, const unsigned char**);

Bytes get(Getter* getter, SSL* ssl) {
  const unsigned char* bytes = nullptr;
  const auto size = getter(ssl, &bytes);
  return {bytes, bytes + size};
}

int look(SSL* ssl, int* /*alert*/, void* argument) {
  auto& view = *static_cast<OpensslView*>(argument);
  view.asked = true;
  view.legacy_version = SSL_client_hello_get0_legacy_version(ssl);
  view.random = get(SSL_client_hello_get0_random, ssl);
  view.session_id = get(SSL_client_hello_get0_session_id, ssl);
  view.cipher_suites = get(SSL_client_hello_get0_ciphers, ssl);
  int* types = nullptr;
  std::size_t count = 0;
  if (SSL_client_hello_get1_extensions_present(ssl, &types, &count) == 1) {
    for (const auto type : std::span(types, count)) view.extensions.push_back(static_cast<unsigned>(type));
    OPENSSL_free(types);
  }
  for (const auto type : view.reading->extensions) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    const auto number = static_cast<unsigned>(type);
    if (SSL_client_hello_get0_ext(ssl, number, &bytes, &size) == 1) view.data[number] = Bytes(bytes, bytes + size);
  }
  return SSL_CLIENT_HELLO_ERROR;
}

OpensslView openssl_view(const Bytes& stream, const ClientHello& reading) {
  OpensslView view;
  view.reading = &reading;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_client_hello_cb(context.get(), look, &view);
  SSL_CTX_set_min_proto_version(context.get(), 0);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  BIO* in = BIO_new(BIO_s_mem());
  BIO_write(in, stream.data(), static_cast<int>(stream.size()));
  SSL_set_bio(ssl.get(), in, BIO_new(BIO_s_mem()));  // owns both
  SSL_accept(ssl.get());
  ERR_clear_error();
  return view;
}

// The codes of a vector from `at` on, GREASE left out.
template <typename Code>
std::vector<Code> codes(const Bytes& bytes, std::size_t at) {
  std::vector<Code> list;
  for (; at + 1 < bytes.size(); at += 2) {
    const auto code = static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
    if (bytes[at] != bytes[at + 1] || bytes[at] % 16 != 10) list.push_back(Code{code});
  }
  return list;
}

std::vector<NamedGroup> share_groups(const Bytes& bytes) {
  std::vector<NamedGroup> groups;
  for (std::size_t at = 2; at + 3 < bytes.size(); at += 4 + (std::size_t{bytes[at + 2]} << 8 | bytes[at + 3]))
    for (const auto group : codes<NamedGroup>({bytes[at], bytes[at + 1]}, 0)) groups.push_back(group);
  return groups;
}

Bytes from(const Bytes& bytes, std::size_t at) {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end()};
}

void check_extensions(const ClientHello& hello, const OpensslView& view) {
  std::vector<unsigned> both;
  for (const auto type : hello.extensions)
    if (view.data.contains(static_cast<unsigned>(type))) both.push_back(static_cast<unsigned>(type));
  CHECK(both == view.extensions);
  // Those of the reader's that OpenSSL 3.0 knows too.
  for (const unsigned type : {0U, 10U, 13U, 16U, 35U, 41U, 42U, 43U, 49U, 51U})
    CHECK(view.data.contains(type) == hello.has(ExtensionType{static_cast<std::uint16_t>(type)}));

  const auto data = [&](unsigned type) { return view.data.contains(type) ? view.data.at(type) : Bytes{}; };
  if (hello.server_name) CHECK(from(data(0), 5) == text(*hello.server_name));
  if (!hello.alpn.empty()) CHECK(from(data(16), 2) == text(hello.alpn.wire()));
  CHECK(hello.supported_groups == codes<NamedGroup>(data(10), 2));
  CHECK(hello.signature_algorithms == codes<SignatureScheme>(data(13), 2));
  CHECK(hello.key_share_groups == share_groups(data(51)));
  if (hello.supported_versions) CHECK(*hello.supported_versions == codes<Version>(data(43), 1));
}

void check_fields(const ClientHello& hello, const OpensslView& view) {
  CHECK(static_cast<unsigned>(hello.legacy_version) == view.legacy_version);
  CHECK(std::ranges::equal(hello.random, view.random));
  CHECK(hello.session_id == view.session_id);
  CHECK(hello.cipher_suites == codes<CipherSuite>(view.cipher_suites, 0));
}

}  // namespace

TEST_CASE("OpenSSL reads the corpus alike", "[client_hello]") {
  std::size_t compared = 0;
  for (const auto& sample : hello_corpus()) {
    INFO(sample.name);
    const auto reading = read_in_pieces(sample.stream, sample.stream.size(), 1);
    const auto view = openssl_view(sample.stream, reading.hello);
    if (reading.status != Status::done) continue;
    REQUIRE(view.asked);
    check_fields(reading.hello, view);
    check_extensions(reading.hello, view);
    ++compared;
  }
  CHECK(compared > 25);
}

TEST_CASE("what the reader takes for a hello, OpenSSL does too", "[client_hello]") {
  std::mt19937 random(6066);
  const auto corpus = hello_corpus();
  std::size_t taken = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto& sample = corpus[random() % corpus.size()];
    INFO(sample.name << ", round " << round);
    auto stream = sample.stream;
    for (auto changes = 1 + random() % 2; changes != 0; --changes)
      stream[random() % std::min<std::size_t>(stream.size(), 600)] = static_cast<std::uint8_t>(random());
    const auto reading = read_in_pieces(stream, stream.size(), 1);
    const auto view = openssl_view(stream, reading.hello);
    if (reading.status == Status::invalid && !view.asked) ++refused;
    if (reading.status != Status::done) continue;
    ++taken;
    REQUIRE(view.asked);
    check_fields(reading.hello, view);
  }
  CHECK(taken > 500);
  CHECK(refused > 50);
}
