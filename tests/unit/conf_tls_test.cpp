// [tls]: what is wrong with it, and what it makes of the policy.
#include "conf/reader.hpp"
#include "tests/unit/catch.hpp"

using namespace weir;
using namespace std::chrono_literals;

namespace {

conf::Reading read(const std::string& text, const std::string& file = "/etc/weir/weir.toml") {
  return conf::read_text("gateway.client_interfaces = ['lan0']\n" + text, file);
}

struct Row {
  std::string text;
  std::string place;   // LINE:COLUMN of its only problem
  std::string phrase;  // in its message
};

}  // namespace

TEST_CASE("[tls] refuses", "[conf][tls]") {
  const auto row = GENERATE(values<Row>({
      {"[tls]\ndecrypt = 'yes'", "3:11", "decrypt must be true or false, not a string"},
      {"[tls]\nca_certificate = ''", "3:18", "ca_certificate must be a file's path"},
      {"[tls]\nca_certificate = true", "3:18", "ca_certificate must be a string, not a boolean"},
      {"[tls]\nca_key = ''", "3:10", "ca_key must be a file's path"},
      {"[tls]\nca_key = 1", "3:10", "ca_key must be a string, not an integer"},
      {"[tls]\nupstream_trust = ''", "3:18", "must be \"system\" or the path of a PEM file"},
      {"[tls]\nupstream_trust = ['a.pem']", "3:18", "upstream_trust must be a string, not an array"},
      {"[tls]\non_untrusted_upstream = 'pass'", "3:25", "'pass' is not one of 'block' or 'mirror'"},
      {"[tls]\nminimum_version = '1.1'", "3:19", "'1.1' is not one of '1.2' or '1.3'"},
      {"[tls]\nminimum_version = 1.2", "3:19", "minimum_version must be a string, not a floating-point number"},
      {"[tls]\non_client_rejection = 'mirror'", "3:23", "'mirror' is not one of 'passthrough' or 'block'"},
      {"[tls]\nremember_rejection = '500ms'", "3:22", "at least \"1s\", or \"0\" to remember none"},
      {"[tls]\nremember_rejection = 'for ever'", "3:22", "\"for ever\" is not a duration"},
      {"[tls]\nremember_rejection = 0", "3:22", "must be a duration in quotes"},
      {"[tls]\nhandshake_timeout = '0'", "3:21", "at least 1ms"},
      {"[tls]\nkey_log = false", "3:11", "key_log must be a string, not a boolean"},
      {"[tls]\nundecryptable = 'block'", "3:17", "undecryptable must be a table"},
      {"[tls]\nundecryptable = { ech = 'decrypt' }", "3:25", "ech: 'decrypt' is not one of 'passthrough' or 'block'"},
      {"[tls]\nundecryptable = { client_certificate = 1 }", "3:40", "client_certificate must be a string"},
      {"[tls]\nundecryptable = { protocol = 'pass' }", "3:30", "protocol: 'pass' is not one of"},
      {"[tls]\nundecryptable = { not_tls = 'reset' }", "3:29", "not_tls: 'reset' is not one of"},
      {"[tls]\nundecryptable = { nottls = 'block' }", "3:19", "did you mean 'not_tls'?"},
      {"[tls]\ndecrypted = true", "3:1", "unknown key 'decrypted' in [tls]; did you mean 'decrypt'?"},
      {"[[tls]]\ndecrypt = true", "2:1", "'tls' must be a table: [tls]"},
      {"[[rule]]\nname = 'a'\ntls = 'bump'", "4:7", "tls: 'bump' is not one of 'passthrough' or 'decrypt'"},
      {"[[rule]]\nname = 'a'\ntls = true", "4:7", "tls must be a string, not a boolean"},
      {"[[rule]]\nname = 'a'\ntls = 'decrypt'\nmptcp = 'direct'", "5:9", "past weir, which then cannot decrypt it"},
  }));
  CAPTURE(row.text);
  const auto reading = read(row.text, "f");
  REQUIRE(reading.problems.size() == 1);
  CHECK_THAT(reading.problems.front().text(), ContainsSubstring("f:" + row.place + ": error: "));
  CHECK_THAT(reading.problems.front().message, ContainsSubstring(row.phrase));
}

TEST_CASE("[tls]: what is not said stays the default", "[conf][tls]") {
  const auto reading = read("[tls]\nundecryptable = { ech = 'block' }\n");
  REQUIRE(reading.ok());
  conf::TlsSettings expected;
  expected.undecryptable.encrypted_client_hello = conf::Instead::block;
  CHECK(reading.settings.tls == expected);
  CHECK(reading.policy.tls == policy::Tls::passthrough);
}

TEST_CASE("[tls]: relative paths start at the configuration's folder, absolute ones stay", "[conf][tls]") {
  const auto tls = read(
                       "[tls]\nca_certificate = 'ca.crt'\nca_key = '../key'\nupstream_trust = 'trust/all.pem'\n"
                       "key_log = 'keys'\n")
                       .settings.tls;
  CHECK(tls.ca_certificate == "/etc/weir/ca.crt");
  CHECK(tls.ca_key == "/etc/weir/../key");
  CHECK(tls.upstream_trust == "/etc/weir/trust/all.pem");
  CHECK(tls.key_log == "/etc/weir/keys");
  const auto absolute =
      read("[tls]\nca_certificate = '/a/ca.crt'\nca_key = '/a/key'\nupstream_trust = '/a/all.pem'\nkey_log = '/a/k'\n")
          .settings.tls;
  CHECK(absolute.ca_certificate == "/a/ca.crt");
  CHECK(absolute.ca_key == "/a/key");
  CHECK(absolute.upstream_trust == "/a/all.pem");
  CHECK(absolute.key_log == "/a/k");
  CHECK(read("[tls]\nupstream_trust = 'system'\n").settings.tls.upstream_trust == "system");
}

TEST_CASE("[tls]: nothing is remembered, and no key is logged, where the configuration says so", "[conf][tls]") {
  const auto reading = read("[tls]\nremember_rejection = '0'\nkey_log = ''\n");
  REQUIRE(reading.ok());
  CHECK(reading.settings.tls.remember_rejection == 0ms);
  CHECK(reading.settings.tls.key_log.empty());
  CHECK(read("[tls]\nremember_rejection = '1s'\n").settings.tls.remember_rejection == 1s);
}

TEST_CASE("a policy decrypts if its default or any rule says so", "[conf][tls]") {
  struct Row {
    const char* text;
    bool decrypts;
  };
  const auto row = GENERATE(values<Row>({
      {"", false},
      {"[tls]\ndecrypt = false\n", false},
      {"[tls]\ndecrypt = true\n", true},
      {"[[rule]]\nname = 'a'\ntls = 'passthrough'\n", false},
      {"[[rule]]\nname = 'a'\naction = 'block'\n", false},
      {"[[rule]]\nname = 'a'\ntls = 'passthrough'\n[[rule]]\nname = 'b'\ntls = 'decrypt'\n", true},
      {"[tls]\ndecrypt = false\n[[rule]]\nname = 'a'\nwhen = { domains = ['x.example'] }\ntls = 'decrypt'\n", true},
      {"[tls]\ndecrypt = true\n[[rule]]\nname = 'all'\ntls = 'passthrough'\n", true},
  }));
  CAPTURE(row.text);
  const auto reading = read(row.text);
  REQUIRE(reading.ok());
  CHECK(reading.policy.decrypts() == row.decrypts);
}

TEST_CASE("a rule's tls is kept apart from the default", "[conf][tls]") {
  const auto policy = read(
                          "[tls]\ndecrypt = true\n[[rule]]\nname = 'banks'\ntls = 'passthrough'\n"
                          "[[rule]]\nname = 'all'\ntls = 'decrypt'\n[[rule]]\nname = 'unsaid'\n")
                          .policy;
  const auto& rules = policy.rules->entries;
  REQUIRE(rules.size() == 3);
  CHECK(rules[0].tls == policy::Tls::passthrough);
  CHECK(rules[1].tls == policy::Tls::decrypt);
  CHECK_FALSE(rules[2].tls);
}
