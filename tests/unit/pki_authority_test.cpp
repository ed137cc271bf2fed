#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "pki/authority.hpp"
#include "pki/common_name.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/conf_folder.hpp"
#include "tests/unit/made_certificate.hpp"

using namespace weir::pki;
using namespace weir::tests;
using namespace std::string_literals;
using std::chrono::hours;

namespace {

namespace fs = std::filesystem;
using Extensions = std::vector<std::pair<int, std::string>>;

const auto kNow = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());  // NOLINT(cert-err58-cpp)
const Extensions kAuthority{{NID_basic_constraints, "critical,CA:TRUE"},                       // NOLINT(cert-err58-cpp)
                            {NID_key_usage, "critical,keyCertSign"}};

std::string content_of(const fs::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return content.str();
}

std::size_t files_in(const Folder& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

std::string error_of(const Result<void>& result) { return result ? "" : result.error(); }
std::string error_of(const Result<Authority>& result) { return result ? "" : result.error(); }

std::string key_in_pem(EVP_PKEY* key, const char* passphrase = nullptr) {
  const std::unique_ptr<BIO, Freeing<BIO_free>> memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(memory.get(), key, passphrase == nullptr ? nullptr : EVP_aes_128_cbc(), passphrase,
                                passphrase == nullptr ? 0 : 4, nullptr, nullptr);
  char* start = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &start);
  return {start, static_cast<std::size_t>(size)};
}

// An authority's two files, as a test wants them.
struct Files {
  Folder folder;
  fs::path certificate = folder.path() / "ca.crt";
  fs::path key = folder.path() / "ca.key";

  Result<void> make(const NewAuthority& wanted = {}) const { return make_authority(certificate, key, wanted); }
  Result<Authority> load() const { return Authority::load(certificate, key); }
  void write(const std::string& certificates, const std::string& key_text) const {
    folder.write(certificates, "ca.crt");
    folder.write(key_text, "ca.key");
    fs::permissions(key, fs::perms(0600));
  }
  // A root signed by its own key, as `made` says.
  std::string error_with(const MadeCertificate& made, EVP_PKEY* its_key) const {
    write(to_pem(*made.sign(its_key)), key_in_pem(its_key));
    return error_of(load());
  }
};

fs::perms mode_of(const fs::path& file) { return fs::status(file).permissions(); }

}  // namespace

TEST_CASE("a new authority is what RFC 5280 asks of a root, and loads", "[pki]") {
  const Files files;
  REQUIRE(error_of(files.make({.name = "W\xc3\xa4rter", .years = 30})).empty());
  const auto authority = files.load();
  REQUIRE(error_of(authority).empty());
  auto* root = authority->root();
  CHECK(X509_cmp(root, authority->certificate()) == 0);
  CHECK(authority->chain().empty());
  CHECK(X509_self_signed(root, 1) == 1);
  CHECK(X509_get_version(root) == X509_VERSION_3);
  CHECK(common_name_of(*root) == "W\xc3\xa4rter");
  CHECK(X509_check_ca(root) == 1);
  CHECK(X509_get_pathlen(root) == 0);
  CHECK(X509_get_key_usage(root) == (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  CHECK(X509_get0_subject_key_id(root) != nullptr);
  for (const int what : {NID_basic_constraints, NID_key_usage})
    CHECK(X509_EXTENSION_get_critical(X509_get_ext(root, X509_get_ext_by_NID(root, what, -1))) == 1);
  CHECK(X509_get_ext_by_NID(root, NID_name_constraints, -1) == -1);
  CHECK(X509_get_signature_nid(root) == NID_ecdsa_with_SHA256);
  std::array<char, 32> group{};
  CHECK(EVP_PKEY_get_group_name(authority->key(), group.data(), group.size(), nullptr) == 1);
  CHECK(group.data() == "prime256v1"s);
}

TEST_CASE("a new authority's dates are written as their year asks", "[pki]") {
  const Files files;
  const auto [years, type] = GENERATE(table<unsigned, int>({{1, V_ASN1_UTCTIME}, {30, V_ASN1_GENERALIZEDTIME}}));
  REQUIRE(files.make({.years = years}));
  const auto root = *read_certificate(files.certificate);
  CHECK(ASN1_STRING_type(X509_get0_notBefore(root.get())) == V_ASN1_UTCTIME);
  CHECK(ASN1_STRING_type(X509_get0_notAfter(root.get())) == type);
  const auto period = period_of(*root);
  CHECK(period.from <= kNow - hours(1) + std::chrono::minutes(1));
  CHECK(period.from >= kNow - hours(1));
  CHECK(period.to - period.from - hours(1) == std::chrono::years(years));
}

TEST_CASE("a new authority kept to domains says so, critically", "[pki]") {
  const Files files;
  REQUIRE(files.make({.only_for = {"Example.test"}}));
  const auto root = *read_certificate(files.certificate);
  const int at = X509_get_ext_by_NID(root.get(), NID_name_constraints, -1);
  REQUIRE(at >= 0);
  CHECK(X509_EXTENSION_get_critical(X509_get_ext(root.get(), at)) == 1);
  CHECK_THAT(describe(*root), ContainsSubstring("only for     example.test"));
}

TEST_CASE("what cannot be made is refused, and nothing is written", "[pki]") {
  const Files files;
  CHECK_THAT(error_of(files.make({.name = ""})), ContainsSubstring("1 to 64 characters"));
  CHECK_THAT(error_of(files.make({.name = std::string(65, 'a')})), ContainsSubstring("1 to 64 characters"));
  CHECK_THAT(error_of(files.make({.name = "a\xff"})), ContainsSubstring("1 to 64 characters"));
  CHECK_THAT(error_of(files.make({.name = "a\nb"})), ContainsSubstring("control characters"));
  CHECK_THAT(error_of(files.make({.years = 0})), ContainsSubstring("1 to 30 years"));
  CHECK_THAT(error_of(files.make({.years = 31})), ContainsSubstring("1 to 30 years"));
  const auto domain = GENERATE(""s, ".example.com"s, "*.example.com"s, "192.0.2.1"s, "a b"s);
  CHECK_THAT(error_of(files.make({.only_for = {"good.example", domain}})),
             ContainsSubstring("'" + domain + "' is no domain"));
  CHECK_THAT(error_of(make_authority(files.key, files.key, {})), ContainsSubstring("two files"));
  CHECK(files_in(files.folder) == 0);
}

TEST_CASE("the key is its owner's alone, and the certificate everybody's, whatever the umask", "[pki]") {
  const Files files;
  const auto mask = GENERATE(0000U, 0077U, 0277U);
  const auto before = umask(mask);
  const auto made = files.make();
  umask(before);
  REQUIRE(error_of(made).empty());
  CHECK(mode_of(files.key) == fs::perms(0600));
  CHECK(mode_of(files.certificate) == fs::perms(0644));
  CHECK(content_of(files.key).starts_with("-----BEGIN PRIVATE KEY-----\n"));
  CHECK(files_in(files.folder) == 2);
}

TEST_CASE("a file that is there is not overwritten, and the other is not left behind", "[pki]") {
  const Files files;
  const bool certificate_is = GENERATE(false, true);
  const auto& there = certificate_is ? files.certificate : files.key;
  const auto& other = certificate_is ? files.key : files.certificate;
  SECTION("a file") {
    std::ofstream(there) << "mine";
    CHECK_THAT(error_of(files.make()), ContainsSubstring(there.string() + " is there already"));
    CHECK(content_of(there) == "mine");
  }
  SECTION("a link to nowhere") {
    fs::create_symlink("nowhere", there);
    CHECK_THAT(error_of(files.make()), ContainsSubstring(there.string() + " is there already"));
  }
  CHECK_FALSE(fs::exists(fs::symlink_status(other)));
  CHECK(files_in(files.folder) == 1);
}

TEST_CASE("a folder that is missing is named", "[pki]") {
  const Files files;
  const auto missing = files.folder.path() / "missing";
  CHECK_THAT(error_of(make_authority(missing / "ca.crt", files.key, {})),
             ContainsSubstring("there is no folder " + missing.string()));
  CHECK_THAT(error_of(make_authority(files.certificate, missing / "ca.key", {})),
             ContainsSubstring("there is no folder " + missing.string()));
  CHECK(files_in(files.folder) == 0);
}

// /dev/full does not take the place of a folder: a limit on a file's size fails a write as a full disk does.
TEST_CASE("what cannot be written whole is not written at all", "[pki]") {
  const Files files;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto on_excess = std::signal(SIGXFSZ, SIG_IGN);
  const rlim_t most = GENERATE(100U, 400U);  // within the key, within the certificate
  const rlimit tight{.rlim_cur = most, .rlim_max = before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &tight) == 0);
  const auto made = files.make();
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, on_excess);
  CHECK_THAT(error_of(made), ContainsSubstring("cannot be written: File too large"));
  CHECK_THAT(error_of(made), ContainsSubstring(most == 100 ? files.key.string() : files.certificate.string()));
  CHECK(files_in(files.folder) == 0);
}

TEST_CASE("files that are missing, unreadable or of something else are refused with what would be right", "[pki]") {
  const Files files;
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.crt: there is no such file; make one with `weir ca init`"));
  REQUIRE(files.make());
  fs::remove(files.key);
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.key: there is no such file"));
  const auto key = p256();
  const auto certificate = to_pem(*MadeCertificate{.extensions = kAuthority}.sign(key.get()));
  files.write("", key_in_pem(key.get()));
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.crt: holds no certificate in PEM"));
  files.write(to_der(*MadeCertificate{}.sign(key.get())), key_in_pem(key.get()));
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.crt: holds no certificate in PEM"));
  files.write(certificate.substr(0, certificate.size() / 2), key_in_pem(key.get()));
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.crt: its certificate 1 cannot be read"));
  files.write(certificate, "");
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.key: holds no private key in PEM"));
  files.write(certificate, certificate);
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.key: holds no private key in PEM"));
  fs::remove(files.certificate);
  fs::create_directory(files.certificate);
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.crt: is no plain file"));
  fs::remove(files.certificate);
  REQUIRE(mkfifo(files.certificate.c_str(), 0600) == 0);
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.crt: is no plain file"));
}

TEST_CASE("a key that others may use is refused", "[pki]") {
  const Files files;
  REQUIRE(files.make());
  for (const auto mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0601U, 0644U}) {
    fs::permissions(files.key, fs::perms(mode));
    CHECK_THAT(error_of(files.load()), ContainsSubstring("run: chmod 600 " + files.key.string()));
  }
  fs::permissions(files.key, fs::perms(0400));
  CHECK(error_of(files.load()).empty());
  if (geteuid() == 0) {
    REQUIRE(chown(files.key.c_str(), 12345, 0) == 0);
    CHECK_THAT(error_of(files.load()), ContainsSubstring("neither root nor the user"));
  }
}

TEST_CASE("a key with a passphrase, or of another certificate, is refused", "[pki]") {
  const Files files;
  const auto key = p256();
  const auto certificate = to_pem(*MadeCertificate{.extensions = kAuthority}.sign(key.get()));
  files.write(certificate, key_in_pem(key.get(), "open"));
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.key: this key has a passphrase"));
  files.write(certificate, key_in_pem(p256().get()));
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.key: is not the key of the certificate in "));
  files.write(certificate, key_in_pem(Key(EVP_RSA_gen(2048)).get()));
  CHECK_THAT(error_of(files.load()), ContainsSubstring("ca.key: is not the key of the certificate in "));
}

TEST_CASE("a key as other programs write it is taken", "[pki]") {
  const Files files;
  const auto key = p256();
  const std::unique_ptr<BIO, Freeing<BIO_free>> memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_Parameters(memory.get(), key.get());  // as openssl ecparam -genkey puts first
  PEM_write_bio_PrivateKey_traditional(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* start = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &start);
  files.write(to_pem(*MadeCertificate{.extensions = kAuthority}.sign(key.get())),
              std::string(start, static_cast<std::size_t>(size)));
  CHECK(error_of(files.load()).empty());
}

TEST_CASE("a certificate that is no authority's, not valid now or weak is refused", "[pki]") {
  const Files files;
  const auto key = p256();
  CHECK_THAT(files.error_with({}, key.get()), ContainsSubstring("is no certificate authority's"));
  CHECK_THAT(files.error_with({.extensions = {{NID_basic_constraints, "critical,CA:FALSE"}}}, key.get()),
             ContainsSubstring("is no certificate authority's"));
  CHECK_THAT(files.error_with({.extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                              {NID_key_usage, "critical,digitalSignature,cRLSign"}}},
                              key.get()),
             ContainsSubstring("may not sign certificates"));
  CHECK_THAT(files.error_with({.extensions = kAuthority, .to = kNow - hours(1)}, key.get()),
             ContainsSubstring("the certificate expired on "));
  CHECK_THAT(files.error_with({.extensions = kAuthority, .from = kNow + hours(1)}, key.get()),
             ContainsSubstring("is not valid before "));
  CHECK_THAT(files.error_with({.extensions = kAuthority}, Key(EVP_RSA_gen(1024)).get()),
             ContainsSubstring("has a weak key, of 1024 bits"));
  CHECK_THAT(files.error_with({.extensions = kAuthority}, Key(EVP_EC_gen("P-192")).get()),
             ContainsSubstring("has a weak key, of 192 bits"));
  CHECK(files.error_with({.extensions = kAuthority}, Key(EVP_RSA_gen(2048)).get()).empty());
  CHECK(files.error_with({.extensions = {{NID_basic_constraints, "CA:TRUE"}}}, key.get()).empty());
}

TEST_CASE("each certificate of the file has issued the one before", "[pki]") {
  const Files files;
  const std::array<Key, 3> keys{p256(), p256(), p256()};
  const auto root = MadeCertificate{.common_name = "root", .extensions = kAuthority}.sign(keys[0].get());
  const auto below = [](const char* name, const Certificate& issuer, const Key& issuer_key, const Key& key) {
    return MadeCertificate{
        .common_name = name, .extensions = kAuthority, .issuer = issuer.get(), .issuer_key = issuer_key.get()}
        .sign(key.get());
  };
  const auto middle = below("middle", root, keys[0], keys[1]);
  const auto signing = below("signing", middle, keys[1], keys[2]);
  const auto key = key_in_pem(keys[2].get());

  files.write(to_pem(*signing) + to_pem(*middle) + to_pem(*root), key);
  auto loaded = files.load();
  REQUIRE(error_of(loaded).empty());
  CHECK(X509_cmp(loaded->certificate(), signing.get()) == 0);
  CHECK(X509_cmp(loaded->root(), root.get()) == 0);
  REQUIRE(loaded->chain().size() == 2);
  CHECK(X509_cmp(loaded->chain()[0].get(), signing.get()) == 0);
  CHECK(X509_cmp(loaded->chain()[1].get(), middle.get()) == 0);
  CHECK(X509_cmp(read_certificate(files.certificate)->get(), signing.get()) == 0);
  CHECK(X509_cmp(read_root(files.certificate)->get(), root.get()) == 0);

  files.write(to_pem(*signing), key);
  loaded = files.load();
  REQUIRE(error_of(loaded).empty());
  CHECK(X509_cmp(loaded->root(), signing.get()) == 0);
  CHECK(loaded->chain().size() == 1);

  files.write(to_pem(*signing) + to_pem(*root) + to_pem(*middle), key);
  CHECK_THAT(error_of(files.load()), ContainsSubstring("certificate 2 has not issued certificate 1"));
  // Of the issuer's name, but not of its key.
  const auto other = MadeCertificate{.common_name = "root", .extensions = kAuthority}.sign(keys[2].get());
  files.write(to_pem(*signing) + to_pem(*middle) + to_pem(*other), key);
  CHECK_THAT(error_of(files.load()), ContainsSubstring("certificate 3 has not issued certificate 2"));
  files.write(to_pem(*signing) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key);
  CHECK_THAT(error_of(files.load()), ContainsSubstring("its certificate 2 cannot be read"));
}

TEST_CASE("a certificate as PEM, as DER and as text", "[pki]") {
  const Files files;
  REQUIRE(files.make({.name = "a name"}));
  const auto root = *read_certificate(files.certificate);
  CHECK(to_pem(*root) == content_of(files.certificate));
  const auto der = to_der(*root);
  const auto* start = reinterpret_cast<const unsigned char*>(der.data());
  CHECK(X509_cmp(Certificate(d2i_X509(nullptr, &start, static_cast<long>(der.size()))).get(), root.get()) == 0);
  CHECK(fingerprint(*root).size() == 32 * 3 - 1);
  const auto text = describe(*root);
  CHECK_THAT(text, ContainsSubstring("CN = a name"));
  CHECK_THAT(text, ContainsSubstring(fingerprint(*root)));
  CHECK_THAT(text, ContainsSubstring("path length 0"));
  CHECK_THAT(text, ContainsSubstring(text_of(period_of(*root).to)));
}

TEST_CASE("a name cannot write to the terminal", "[pki]") {
  const auto text = describe(*MadeCertificate{.common_name = "a\x1b[2J\nb"}.sign(p256().get()));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK_THAT(text, ContainsSubstring("CN = a\\1B[2J\\0Ab"));
}

TEST_CASE("a configuration profile is XML, holds the certificate, and is the same each time", "[pki]") {
  const Folder folder;
  const auto certificate =
      MadeCertificate{.common_name = "<a> & \"b\" ]]> \x01\xef\xbf\xbf", .common_name_type = V_ASN1_UTF8STRING}.sign(
          p256().get());
  const auto profile = to_mobileconfig(*certificate);
  CHECK(profile == to_mobileconfig(*certificate));
  CHECK(profile != to_mobileconfig(*MadeCertificate{}.sign(p256().get())));
  const auto file = folder.write(profile, "profile").string();
  const auto der = folder.write(to_der(*certificate), "der").string();
  const auto check = folder
                         .write(
                             "import plistlib, sys, uuid\n"
                             "top = plistlib.load(open(sys.argv[1], 'rb'))\n"
                             "inner, = top['PayloadContent']\n"
                             "assert inner['PayloadContent'] == open(sys.argv[2], 'rb').read()\n"
                             "assert inner['PayloadType'] == 'com.apple.security.root'\n"
                             "assert top['PayloadType'] == 'Configuration' and top['PayloadVersion'] == 1\n"
                             "assert top['PayloadDisplayName'] == '<a> & \"b\" ]]> ?"
                             "?', top\n"
                             "assert uuid.UUID(top['PayloadUUID']) != uuid.UUID(inner['PayloadUUID'])\n"
                             "assert top['PayloadIdentifier'] != inner['PayloadIdentifier']\n",
                             "check.py")
                         .string();
  const auto command = "python3 " + check + " " + file + " " + der;
  CHECK(std::system(command.c_str()) == 0);  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
}
