#include "tests/unit/hello_readings.hpp"
#include "tls/capabilities.hpp"

using namespace weir::test;
using weir::tls::CipherSuite;
using weir::tls::ClientHello;
using weir::tls::ClientHelloReader;
using weir::tls::NamedGroup;
using weir::tls::SignatureScheme;
using weir::tls::takes_ecdsa;
using weir::tls::Version;

TEST_CASE("capabilities: the clients of today take an ECDSA certificate", "[tls]") {
  std::string without;
  for (const auto& sample : hello_corpus()) {
    if (sample.name.starts_with("made_")) continue;
    CAPTURE(sample.name);
    ClientHelloReader reader;
    REQUIRE(reader.feed(sample.stream) == ClientHelloReader::Status::done);
    if (!takes_ecdsa(reader.hello())) without += sample.name + ' ';
  }
  CHECK(without == "openssl_3.0.22_tls1 ");  // which sends no signature algorithms
}

TEST_CASE("capabilities: ECDSA needs the signature, and below TLS 1.3 the suite and the group too", "[tls]") {
  constexpr SignatureScheme kEcdsa{0x0403};
  constexpr SignatureScheme kRsa{0x0804};
  constexpr CipherSuite kEcdsaSuite{0xc02b};
  constexpr CipherSuite kRsaSuite{0xc02f};
  constexpr NamedGroup kP256{23};
  constexpr NamedGroup kX25519{29};
  struct Row {
    const char* what;
    Version highest;
    std::vector<SignatureScheme> signatures;
    std::vector<CipherSuite> suites;
    std::vector<NamedGroup> groups;
    bool takes;
  };
  const auto row = GENERATE_COPY(values<Row>({
      {"TLS 1.3", Version::tls1_3, {kRsa, kEcdsa}, {CipherSuite{0x1301}}, {kX25519}, true},
      {"TLS 1.3 with RSA alone", Version::tls1_3, {kRsa}, {CipherSuite{0x1301}, kEcdsaSuite}, {kP256}, false},
      {"TLS 1.3 with P-384 alone", Version::tls1_3, {SignatureScheme{0x0503}}, {CipherSuite{0x1301}}, {kP256}, false},
      {"TLS 1.2", Version::tls1_2, {kEcdsa}, {kRsaSuite, kEcdsaSuite}, {kP256}, true},
      {"TLS 1.2, no groups said", Version::tls1_2, {kEcdsa}, {kEcdsaSuite}, {}, true},
      {"TLS 1.2, another group", Version::tls1_2, {kEcdsa}, {kEcdsaSuite}, {kX25519}, false},
      {"TLS 1.2, RSA suites", Version::tls1_2, {kEcdsa}, {kRsaSuite}, {kP256}, false},
      {"TLS 1.2, RSA signatures", Version::tls1_2, {kRsa}, {kEcdsaSuite}, {kP256}, false},
      {"TLS 1.2, nothing said", Version::tls1_2, {}, {kEcdsaSuite}, {}, false},
  }));
  CAPTURE(row.what);
  ClientHello hello;
  hello.legacy_version = Version::tls1_2;
  if (row.highest == Version::tls1_3) hello.supported_versions = {Version::tls1_3, Version::tls1_2};
  hello.signature_algorithms = row.signatures;
  hello.cipher_suites = row.suites;
  hello.supported_groups = row.groups;
  CHECK(takes_ecdsa(hello) == row.takes);
}
