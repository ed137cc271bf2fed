#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>

#include <openssl/pem.h>

#include "pki/common_name.hpp"
#include "pki/leaf.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/conf_folder.hpp"
#include "tests/unit/made_certificate.hpp"

using namespace weir::pki;
using namespace weir::tests;
using namespace std::string_literals;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

using Strings = std::vector<std::string>;
const auto kNow = std::chrono::floor<seconds>(std::chrono::system_clock::now());  // NOLINT(cert-err58-cpp)

// An authority in a folder of its own, and what makes leaves of it.
struct Maker {
  explicit Maker(const NewAuthority& wanted = {}) {
    REQUIRE(make_authority(certificate_file(), folder.path() / "key", wanted));
    use();
  }

  // Another authority than a new one.
  Maker(EVP_PKEY* key, MadeCertificate made) {
    made.extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                       {NID_key_usage, "critical,keyCertSign"},
                       {NID_subject_key_identifier, "01:02:03"}};
    std::filesystem::remove(certificate_file());
    folder.write(to_pem(*made.sign(key)), "certificate");
    auto* file = std::fopen((folder.path() / "key").c_str(), "wb");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    REQUIRE(std::fclose(file) == 0);
    std::filesystem::permissions(folder.path() / "key", std::filesystem::perms(0600));
    use();
  }

  void use() {
    auto loaded = Authority::load(certificate_file(), folder.path() / "key");
    if (!loaded) FAIL(loaded.error());
    authority = std::make_shared<const Authority>(*std::move(loaded));
    leaves = *LeafMaker::make(authority);
  }

  std::filesystem::path certificate_file() const { return folder.path() / "certificate"; }

  Folder folder;
  std::shared_ptr<const Authority> authority;
  std::unique_ptr<LeafMaker> leaves;
};

LeafRequest request_for(Strings dns, Strings addresses = {}) {
  return {.names = {.dns = std::move(dns), .addresses = std::move(addresses)},
          .common_name = "www.example.test",
          .not_before = kNow - days(10),
          .not_after = kNow + days(300)};
}

// What OpenSSL, as strict as it can be, says of the leaf to a client that trusts only the authority.
std::string verified(const Authority& authority, X509* leaf, const char* host = nullptr) {
  const Store store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), authority.root());
  const std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  REQUIRE(X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr) == 1);
  auto* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
  if (host != nullptr) X509_VERIFY_PARAM_set1_host(parameters, host, 0);
  X509_verify_cert(context.get());
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

Certificate made(const Maker& maker, const LeafRequest& request, Time now = kNow) {
  const auto leaf = maker.leaves->make_leaf(request, now);
  if (!leaf) FAIL(leaf.error());
  CHECK(X509_check_private_key((*leaf)->certificate.get(), (*leaf)->key.get()) == 1);
  return share((*leaf)->certificate.get());
}

int run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
}

bool is_installed(const std::string& program) { return run("command -v " + program) == 0; }

int names_are_critical(const Certificate& leaf) {
  int critical = -1;
  GENERAL_NAMES_free(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf.get(), NID_subject_alt_name, &critical, nullptr)));
  return critical;
}

}  // namespace

TEST_CASE("a leaf is what strict clients take", "[pki]") {
  const Maker maker;
  const auto kind = GENERATE(KeyKind::ecdsa, KeyKind::rsa);
  auto request = request_for({"www.example.test", "*.example.test"}, {"\xc0\0\2\1"s, std::string(16, '\1')});
  request.key = kind;
  const auto leaf = made(maker, request);
  CHECK(verified(*maker.authority, leaf.get(), "www.example.test") == "ok");
  CHECK(verified(*maker.authority, leaf.get(), "a.example.test") == "ok");
  CHECK(verified(*maker.authority, leaf.get(), "other.test") != "ok");
  CHECK(X509_check_ip(leaf.get(), reinterpret_cast<const unsigned char*>("\xc0\0\2\1"), 4, 0) == 1);
  CHECK(X509_get_version(leaf.get()) == X509_VERSION_3);
  CHECK(X509_get_key_usage(leaf.get()) ==
        (kind == KeyKind::rsa ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT : KU_DIGITAL_SIGNATURE));
  CHECK(X509_get_extended_key_usage(leaf.get()) == XKU_SSL_SERVER);
  CHECK(X509_check_ca(leaf.get()) == 0);
  CHECK(EVP_PKEY_get_bits(X509_get0_pubkey(leaf.get())) == (kind == KeyKind::rsa ? 2048 : 256));
  CHECK(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(leaf.get()),
                              X509_get0_subject_key_id(maker.authority->certificate())) == 0);
}

TEST_CASE("other programs than OpenSSL's library take it too", "[pki]") {
  const Maker maker;
  const auto leaf = made(maker, request_for({"www.example.test"}));
  const auto root = maker.certificate_file().string();
  const auto file = maker.folder.write(to_pem(*leaf), "leaf").string();
  const auto chain = maker.folder.write(to_pem(*leaf) + to_pem(*maker.authority->root()), "chain").string();
  if (is_installed("openssl")) {
    CHECK(run("openssl verify -x509_strict -purpose sslserver -verify_hostname www.example.test -CAfile " + root + " " +
              file) == 0);
    CHECK(run("openssl verify -x509_strict -verify_hostname other.test -CAfile " + root + " " + file) != 0);
  }
  if (is_installed("certtool")) {
    CHECK(run("certtool --verify --verify-hostname www.example.test --load-ca-certificate " + root + " --infile " +
              chain) == 0);
    CHECK(run("certtool --verify --verify-hostname other.test --load-ca-certificate " + root + " --infile " + chain) !=
          0);
  }
}

TEST_CASE("an authority of any kind of key signs", "[pki]") {
  const auto* kind = GENERATE("P-256", "P-384", "P-521", "RSA", "ED25519");
  CAPTURE(kind);
  const auto is = [&](const char* what) { return std::string_view(kind) == what; };
  const Key key(is("RSA")       ? EVP_RSA_gen(2048)
                : is("ED25519") ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                : EVP_EC_gen(kind));
  const Maker maker(key.get(), {.common_name = "an authority"});
  CHECK(verified(*maker.authority, made(maker, request_for({"www.example.test"})).get()) == "ok");
}

TEST_CASE("serials are positive, long and differ", "[pki]") {
  const Maker maker;
  std::set<std::string> serials;
  for (int i = 0; i < 100; ++i) {
    const auto leaf = made(maker, request_for({"www.example.test"}));
    const auto* serial = X509_get0_serialNumber(leaf.get());
    CHECK(ASN1_STRING_type(serial) == V_ASN1_INTEGER);  // V_ASN1_NEG_INTEGER otherwise
    CHECK(ASN1_STRING_length(serial) == 16);
    serials.emplace(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)), 16);
  }
  CHECK(serials.size() == 100);
}

TEST_CASE("the common name stays if it is plain and beside a DNS name", "[pki]") {
  const Maker maker;
  auto request = request_for({"www.example.test"});
  const auto subject_of = [&](const std::string& name) {
    request.common_name = name;
    const auto leaf = made(maker, request);
    const auto common_name = common_name_of(*leaf);
    CHECK(names_are_critical(leaf) == (common_name.empty() ? 1 : 0));
    CHECK(verified(*maker.authority, leaf.get(), "www.example.test") == "ok");
    return common_name;
  };
  CHECK(subject_of("www.example.test") == "www.example.test");
  CHECK(subject_of(std::string(64, 'a')) == std::string(64, 'a'));
  CHECK(subject_of(std::string(65, 'a')).empty());
  CHECK(subject_of("").empty());
  CHECK(subject_of("a\0b"s).empty());
  CHECK(subject_of("a\nb").empty());
  CHECK(subject_of("b\xc3\xbc"s
                   "cher")
            .empty());
  // Text is text: no other attribute, no other name.
  CHECK(subject_of("a/O=b,CN=c+SAN=DNS:d") == "a/O=b,CN=c+SAN=DNS:d");
  request.names = {.addresses = {"\xc0\0\2\1"s}};
  request.common_name = "bank.example";
  const auto leaf = made(maker, request);
  CHECK(common_name_of(*leaf).empty());
  CHECK(X509_check_host(leaf.get(), "bank.example", 0, 0, nullptr) == 0);
}

TEST_CASE("no name gets in that is none", "[pki]") {
  const Maker maker;
  const auto error_of = [&](const LeafRequest& request) {
    const auto leaf = maker.leaves->make_leaf(request, kNow);
    return leaf ? "" : leaf.error();
  };
  CHECK_THAT(error_of(request_for({})), ContainsSubstring("no name"));
  const auto name = GENERATE("a.example,DNS:evil.example"s, "a.example\0.evil.example"s, "a.example\nDNS:b"s, ""s,
                             "192.0.2.1"s, "*"s);
  CAPTURE(name);
  CHECK_THAT(error_of(request_for({"good.example", name})), ContainsSubstring("no DNS name"));
  CHECK_THAT(error_of(request_for({"good.example"}, {"abc"})), ContainsSubstring("neither IPv4 nor IPv6"));
}

TEST_CASE("very many names get in", "[pki]") {
  const Maker maker;
  Strings dns;
  for (std::size_t i = 0; i < 5000; ++i) dns.push_back("n" + std::to_string(i) + ".example");
  const auto leaf = made(maker, request_for(dns));
  CHECK(verified(*maker.authority, leaf.get(), "n4999.example") == "ok");
  CHECK(names_of(*leaf).dns == Strings(dns.begin(), dns.begin() + kMostNames));
}

TEST_CASE("a leaf has the names, the common name and the dates of an origin", "[pki]") {
  const auto origin = MadeCertificate{.common_name = "origin",
                                      .general_names = dns("A.example") + dns("evil\0.example"s) + address("\1\2\3\4"),
                                      .from = kNow - days(3),
                                      .to = kNow + days(7)}
                          .sign(p256().get());
  const auto request = request_from(*origin, KeyKind::rsa);
  CHECK(request.names.dns == Strings{"a.example"});
  CHECK(request.names.addresses == Strings{"\1\2\3\4"});
  CHECK(request.names.left_out == 1);
  CHECK(request.common_name == "origin");
  CHECK(request.not_before == kNow - days(3));
  CHECK(request.not_after == kNow + days(7));
  CHECK(request.validity == Validity::limited);
  CHECK(request.key == KeyKind::rsa);
}

TEST_CASE("the common name is read whatever its type, and of several the last", "[pki]") {
  CHECK(common_name_of(*MadeCertificate{.common_name = "\0a\0b"s, .common_name_type = V_ASN1_BMPSTRING}.sign(
            p256().get())) == "ab");
  CHECK(common_name_of(*MadeCertificate{.common_name = "a\xfc", .common_name_type = V_ASN1_T61STRING}.sign(
            p256().get())) == "a\xc3\xbc");
  CHECK(common_name_of(*MadeCertificate{.common_name = ""}.sign(p256().get())).empty());
  const auto two = MadeCertificate{.common_name = "first"}.sign(p256().get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(two.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("second"), -1, -1, 0);
  CHECK(common_name_of(*two) == "second");
}

TEST_CASE("a leaf is valid from an hour ago for at most 90 days, and never beyond the origin", "[pki]") {
  const Maker maker;
  const auto now = kNow + hours(2);  // past the authority's own start
  auto request = request_for({"www.example.test"});
  const auto period = [&] { return period_of(*made(maker, request, now)); };
  CHECK(period().from == now - hours(1));
  CHECK(period().to + seconds(1) - period().from == days(90));  // its last second is part of it
  request.not_before = now - seconds(60);
  CHECK(period().from == now - seconds(60));
  CHECK(period().to + seconds(1) - period().from == days(90));
  request.not_after = now + days(5);
  CHECK(period().to == now + days(5));
  request.not_after = now;
  CHECK(period().to == now);
}

TEST_CASE("a leaf is never valid when the authority is not", "[pki]") {
  const auto key = p256();
  const Maker maker(key.get(), {.common_name = "short-lived", .from = kNow - seconds(100), .to = kNow + days(2)});
  const auto request = request_for({"www.example.test"});
  const auto period = period_of(*made(maker, request));
  CHECK(period.from == kNow - seconds(100));
  CHECK(period.to == kNow + days(2));
  const auto later = maker.leaves->make_leaf(request, kNow + days(3));
  REQUIRE_FALSE(later);
  CHECK_THAT(later.error(), ContainsSubstring("authority expired"));
}

TEST_CASE("an origin that is over, or over before it begins, gets no leaf", "[pki]") {
  const Maker maker;
  auto request = request_for({"www.example.test"});
  request.not_after = kNow - seconds(1);
  const auto over = maker.leaves->make_leaf(request, kNow);
  REQUIRE_FALSE(over);
  CHECK_THAT(over.error(), ContainsSubstring("expired on"));
  const auto validity = GENERATE(Validity::limited, Validity::mirrored);
  request.validity = validity;
  request.not_before = kNow + days(2);
  request.not_after = kNow + days(1);
  CHECK_FALSE(maker.leaves->make_leaf(request, kNow));
  request.not_before = Time::max();
  request.not_after = Time::min();
  CHECK_FALSE(maker.leaves->make_leaf(request, kNow));
}

TEST_CASE("the origin's own dates are shown where the client is to see them", "[pki]") {
  const Maker maker;
  auto request = request_for({"www.example.test"});
  request.validity = Validity::mirrored;
  request.not_before = kNow - days(500);
  request.not_after = kNow - days(100);
  const auto leaf = made(maker, request);
  CHECK(period_of(*leaf).from == request.not_before);
  CHECK(period_of(*leaf).to == request.not_after);
  CHECK(verified(*maker.authority, leaf.get()) == "certificate has expired");
  request.not_after = kNow + days(365 * 40);  // GeneralizedTime
  CHECK(period_of(*made(maker, request)).to == request.not_after);
  CHECK(verified(*maker.authority, made(maker, request).get()) == "ok");
}

TEST_CASE("what signs below a root sends those between, and not the root", "[pki]") {
  const auto root_key = p256();
  const auto key = p256();
  const std::vector<std::pair<int, std::string>> authority{{NID_basic_constraints, "critical,CA:TRUE"},
                                                           {NID_key_usage, "critical,keyCertSign"}};
  const auto root = MadeCertificate{.common_name = "root", .extensions = authority}.sign(root_key.get());
  const auto between =
      MadeCertificate{
          .common_name = "between", .extensions = authority, .issuer = root.get(), .issuer_key = root_key.get()}
          .sign(key.get());
  Folder folder;
  const auto certificates = folder.write(to_pem(*between) + to_pem(*root), "certificate");
  auto* file = std::fopen((folder.path() / "key").c_str(), "wb");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  REQUIRE(std::fclose(file) == 0);
  std::filesystem::permissions(folder.path() / "key", std::filesystem::perms(0600));
  auto loaded = Authority::load(certificates, folder.path() / "key");
  if (!loaded) FAIL(loaded.error());
  CHECK(X509_cmp(loaded->root(), root.get()) == 0);
  const auto maker = *LeafMaker::make(std::make_shared<const Authority>(*std::move(loaded)));
  const auto leaf = *maker->make_leaf(request_for({"www.example.test"}), kNow);
  REQUIRE(leaf->chain.size() == 1);
  CHECK(X509_cmp(leaf->chain[0].get(), between.get()) == 0);
}

TEST_CASE("an authority kept to domains speaks for no others, and for no address", "[pki]") {
  const Maker maker({.only_for = {"Example.test", "example.org."}});
  const auto verdict = [&](Strings dns, Strings addresses = {}) {
    return verified(*maker.authority, made(maker, request_for(std::move(dns), std::move(addresses))).get());
  };
  CHECK(verdict({"www.example.test", "example.test", "a.b.example.org"}) == "ok");
  CHECK(verdict({"www.example.test", "www.example.com"}) == "permitted subtree violation");
  CHECK(verdict({"badexample.test"}) == "permitted subtree violation");
  CHECK(verdict({}, {"\1\2\3\4"}) == "excluded subtree violation");
  CHECK(verdict({}, {std::string(16, '\1')}) == "excluded subtree violation");
}

TEST_CASE("leaves of a kind share a key, and threads may make them", "[pki]") {
  const Maker maker;
  const auto request = request_for({"www.example.test"});
  auto with_rsa = request;
  with_rsa.key = KeyKind::rsa;
  std::array<LeafPointer, 4> leaves;
  std::vector<std::jthread> threads;
  for (auto& leaf : leaves)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) leaf = *maker.leaves->make_leaf(with_rsa, kNow);
    });
  threads.clear();
  for (const auto& leaf : leaves) CHECK(leaf->key.get() == leaves[0]->key.get());
  CHECK((*maker.leaves->make_leaf(request, kNow))->key.get() != leaves[0]->key.get());
}

TEST_CASE("no client that trusts the authority trusts the other one", "[pki]") {
  const Maker maker;
  const auto untrusted = std::make_shared<const Authority>(*make_untrusted_authority());
  const auto leaf = *(*LeafMaker::make(untrusted))->make_leaf(request_for({"www.example.test"}), kNow);
  CHECK(leaf->chain.empty());
  CHECK(verified(*untrusted, leaf->certificate.get()) == "ok");
  CHECK(verified(*maker.authority, leaf->certificate.get()) == "unable to get local issuer certificate");
}
