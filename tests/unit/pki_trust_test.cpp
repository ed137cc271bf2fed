#include <atomic>
#include <ctime>
#include <set>
#include <thread>

#include <openssl/err.h>

#include "pki/trust.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/made_origins.hpp"

using namespace weir::pki;
using weir::tests::Folder;
using weir::tests::made_origins;
using weir::tests::MadeOrigin;

namespace {

using Chain = std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })>;

constexpr std::time_t kDay = 24 * 60 * 60;

const Trust& trust() {
  static const auto loaded = Trust::load(made_origins().path("trusted.pem"));
  return *loaded;
}

Verdict verify(const Trust& by, const MadeOrigin& origin, const std::optional<std::string>& asked,
               std::time_t now = std::time(nullptr)) {
  const Chain chain(sk_X509_new_null());
  for (const auto& certificate : origin.chain) sk_X509_push(chain.get(), certificate.get());
  return by.verify(origin.chain.at(0).get(), chain.get(), asked, now);
}

Verdict verify(const MadeOrigin& origin) { return verify(trust(), origin, origin.asked); }

Verdict verify_at(const std::string& kind, std::time_t now) {
  const auto& origin = made_origins()[kind];
  return verify(trust(), origin, origin.asked, now);
}

std::string words_of(const Verdict& verdict) {
  std::string words;
  for (const auto fault : verdict.faults) words += (words.empty() ? "" : ",") + std::string(name(fault));
  return words;
}

std::string faults_for(const std::string& kind, const std::optional<std::string>& asked) {
  return words_of(verify(trust(), made_origins()[kind], asked));
}

bool is_plain_line(const std::string& text) {
  return std::ranges::all_of(text, [](char byte) { return byte >= ' ' && byte <= '~'; });
}

std::vector<Fault> all_faults() {
  std::vector<Fault> faults;
  for (auto i = 0; i <= static_cast<int>(Fault::other); ++i) faults.push_back(static_cast<Fault>(i));
  return faults;
}

}  // namespace

TEST_CASE("of every kind of origin exactly what is wrong with it is found", "[pki]") {
  REQUIRE(made_origins().by_kind().size() > 70);  // else: scripts/setup, for python3-cryptography
  for (const auto& [kind, origin] : made_origins().by_kind()) {
    const auto verdict = verify(origin);
    INFO(kind << ": " << verdict.detail);
    CHECK(words_of(verdict) == origin.faults);
    CHECK(verdict.trusted() == origin.faults.empty());
    CHECK(verdict.detail.empty() == verdict.trusted());
    CHECK(is_plain_line(verdict.detail));
    CHECK(verdict.detail.size() <= 303);
  }
}

TEST_CASE("a chain is judged by the time that is given", "[pki]") {
  const auto now = std::time(nullptr);
  CHECK(verify_at("ecdsa", now + 79 * kDay).trusted());
  CHECK(words_of(verify_at("ecdsa", now + 81 * kDay)) == "expired");
  CHECK(words_of(verify_at("ecdsa", now - 11 * kDay)) == "not_yet_valid,issuer_not_valid");
  CHECK(verify_at("expired", now - 2 * kDay).trusted());
}

TEST_CASE("names are compared as DNS compares them", "[pki]") {
  CHECK(faults_for("ecdsa", "WWW.Origin.TEST").empty());
  CHECK(faults_for("ecdsa", "www.origin.test.").empty());
  CHECK(faults_for("wildcard", "ANY.origin.test.").empty());
  CHECK(faults_for("ecdsa", "origin.test") == "wrong_name");
  CHECK(faults_for("ecdsa", ".origin.test") == "wrong_name");  // to OpenSSL: any name below
}

TEST_CASE("addresses are compared as bytes, by address entries alone", "[pki]") {
  CHECK(faults_for("address_v6", "2001:DB8:0:0::10").empty());
  CHECK(faults_for("address_v6", "2001:db8::11") == "wrong_name");
  CHECK(faults_for("address", "192.0.2.10").empty());
  CHECK(faults_for("address", std::string("192.0.2.10\0.test", 16)) == "wrong_name");
  CHECK(faults_for("address", "192.0.2.010") == "wrong_name");
  CHECK(faults_for("address_as_dns_name", "192.0.2.10") == "wrong_name");
  CHECK(faults_for("address_as_dns_name", "192.0.2.10.") == "wrong_name");
}

TEST_CASE("what is no name is a wrong name, and the rest is still judged", "[pki]") {
  const std::string nul("www.origin.test\0.evil.test", 26);
  for (const auto& odd :
       {std::string(), std::string("."), std::string("www.origin.test.."), std::string("*.origin.test"),
        std::string("www origin.test"), nul, std::string("\n"), std::string(300, 'a'),
        std::string(64, 'a') + ".origin.test", std::string("[2001:db8::10]")}) {
    INFO(odd);
    CHECK(faults_for("wildcard", odd) == "wrong_name");
    CHECK(faults_for("expired", odd) == "expired,wrong_name");
    CHECK(is_plain_line(verify(trust(), made_origins()["wildcard"], odd).detail));
  }
}

TEST_CASE("without a name, names are not judged", "[pki]") {
  CHECK(faults_for("wrong_name", std::nullopt).empty());
  CHECK(faults_for("common_name_only", std::nullopt).empty());
  CHECK(faults_for("expired_and_wrong_name", std::nullopt) == "expired");
  CHECK(faults_for("nul_in_name", std::nullopt) == "malformed");
}

TEST_CASE("no certificate is a fault of its own", "[pki]") {
  const auto verdict = trust().verify(nullptr, nullptr, "www.origin.test", std::time(nullptr));
  CHECK(words_of(verdict) == "no_certificate");
  CHECK_FALSE(verdict.detail.empty());
}

TEST_CASE("a leaf without a stack of others is judged", "[pki]") {
  const auto& origin = made_origins()["old_root"];
  CHECK(trust().verify(origin.chain[0].get(), nullptr, origin.asked, std::time(nullptr)).trusted());
}

TEST_CASE("the detail says what, where and about which names or dates", "[pki]") {
  const auto detail = [](const std::string& kind) { return verify(made_origins()[kind]).detail; };
  const auto expired = detail("expired");
  CHECK(expired.substr(0, 10) == "expired 20");
  CHECK(expired.substr(18) == " (depth 0, \"www.origin.test\")");
  CHECK(detail("future_issuer").substr(27) == " (depth 1, \"Future Intermediate\")");
  CHECK(detail("wrong_name") == "is for \"other.test\", not for \"www.origin.test\" (depth 0, \"www.origin.test\")");
  CHECK(detail("common_name_only") ==
        "is for no name at all, not for \"www.origin.test\" (depth 0, \"www.origin.test\")");
  CHECK(detail("other_address") == "is for 192.0.2.11, not for \"192.0.2.10\" (depth 0, \"www.origin.test\")");
  CHECK(detail("hostile_names") ==
        "is for \"</td><script>\\x1b[2J\\x0a.test\", \"\\x22\\x5c\\x0d\\x0a\", not for \"www.origin.test\" "
        "(depth 0, \"www.origin.test\")");
  CHECK(detail("expired_and_wrong_name").substr(0, 10) == "expired 20");  // the first fault's
  CHECK(detail("unreadable_extension") == "extension that cannot be read (depth 0, \"www.origin.test\")");
  CHECK(detail("missing_intermediate") == "unable to get local issuer certificate (depth 0, \"www.origin.test\")");
  CHECK(detail("zero_serial_of_issuer") == "serial number zero (depth 1, \"Zero\")");
}

TEST_CASE("the detail is bounded, whatever the certificate says", "[pki]") {
  const auto verdict = verify(trust(), made_origins()["hostile_subject"], std::string(300, 'a'));
  CHECK(words_of(verdict) == "wrong_name");
  CHECK(is_plain_line(verdict.detail));
  CHECK(verdict.detail.size() <= 303);
  CHECK(verdict.detail.find("\\x1b[2J") != std::string::npos);
}

TEST_CASE("only: there are faults, and none beside those", "[pki]") {
  const Verdict dates_and_name{{Fault::expired, Fault::wrong_name}, ""};
  CHECK(dates_and_name.only({Fault::expired, Fault::wrong_name, Fault::not_yet_valid}));
  CHECK_FALSE(dates_and_name.only({Fault::expired}));
  CHECK_FALSE(dates_and_name.only({}));
  CHECK_FALSE(Verdict{}.only({Fault::expired}));
  CHECK_FALSE(Verdict{}.only({}));
  CHECK_FALSE(verify(made_origins()["expired_bad_signature"]).only({Fault::expired}));
}

TEST_CASE("every fault has a word and a sentence of its own", "[pki]") {
  std::set<std::string> words;
  std::set<std::string> sentences;
  for (const auto fault : all_faults()) {
    words.insert(name(fault));
    sentences.insert(sentence(fault));
    CHECK(std::string(sentence(fault)).ends_with('.'));
  }
  CHECK(words.size() == all_faults().size());
  CHECK(sentences.size() == all_faults().size());
}

TEST_CASE("trust is loaded from a file of any number of roots", "[pki]") {
  const auto bundle = Trust::load(made_origins().path("bundle.pem"));
  REQUIRE(bundle.has_value());
  CHECK(verify(*bundle, made_origins()["ecdsa"], "www.origin.test").trusted());
  const auto untrusted = Trust::load(made_origins().path("untrusted.pem"));
  REQUIRE(untrusted.has_value());
  CHECK(verify(*untrusted, made_origins()["unknown_root"], "www.origin.test").trusted());
  CHECK(words_of(verify(*untrusted, made_origins()["ecdsa"], "www.origin.test")) == "unknown_issuer");
}

TEST_CASE("the system's trusted certificates are not ours", "[pki]") {
  const auto system = Trust::load("system");
  REQUIRE(system.has_value());
  CHECK(words_of(verify(*system, made_origins()["ecdsa"], "www.origin.test")) == "unknown_issuer");
}

TEST_CASE("a self-signed certificate may be trusted by itself", "[pki]") {
  const auto itself = Trust::load(made_origins().path("self_signed.chain.pem"));
  REQUIRE(itself.has_value());
  CHECK(verify(*itself, made_origins()["self_signed"], "www.origin.test").trusted());
  CHECK(words_of(verify(*itself, made_origins()["self_signed"], "other.test")) == "wrong_name");
}

TEST_CASE("a file without certificates is an error that names it", "[pki]") {
  const Folder folder;
  const auto error_of = [](const std::filesystem::path& file) {
    const auto loaded = Trust::load(file);
    return loaded ? std::string() : loaded.error();
  };
  const auto names = [&](const std::filesystem::path& file) {
    const auto error = error_of(file);
    INFO(error);
    CHECK(error.starts_with(file.string() + ": "));
    CHECK(is_plain_line(error));
  };
  names(folder.path() / "missing.pem");
  names(folder.path());
  names(folder.write("", "empty.pem"));
  names(folder.write("nothing of the kind\n", "text.pem"));
  names(folder.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "broken.pem"));
  names(made_origins().path("ecdsa.key.pem"));
  names(made_origins().path("revocations.pem"));
  CHECK(error_of("/missing.pem") == "/missing.pem: cannot be read: No such file or directory; it is to be a PEM file");
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("OpenSSL's queue of errors is left as it was", "[pki]") {
  for (const auto& [kind, origin] : made_origins().by_kind()) {
    verify(origin);
    INFO(kind);
    CHECK(ERR_peek_error() == 0);
  }
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  verify(made_origins()["bad_signature"]);
  CHECK(ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_USER);
  ERR_clear_error();
}

TEST_CASE("threads share what is trusted", "[pki]") {
  constexpr std::size_t kThreads = 4;
  std::vector<std::thread> threads(kThreads);
  std::atomic<int> wrong = 0;
  const auto bundle = Trust::load(made_origins().path("bundle.pem"));
  REQUIRE(bundle.has_value());
  for (auto& thread : threads)
    thread = std::thread([&] {
      for (const auto& [kind, origin] : made_origins().by_kind())
        if (words_of(verify(*bundle, origin, origin.asked)) != origin.faults) ++wrong;
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
