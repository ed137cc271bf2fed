#include <filesystem>

#include "conf/reader.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/conf_folder.hpp"

using namespace weir;
using namespace std::chrono_literals;
using weir::tests::Folder;

namespace {

std::string all_problems(const conf::Reading& reading) {
  std::string text;
  for (const auto& problem : reading.problems) text += problem.text() + "\n";
  return text;
}

// Everything but the one key that has no default.
conf::Settings defaults() {
  conf::Settings settings;
  settings.gateway.client_interfaces = {"lan0"};
  return settings;
}

}  // namespace

TEST_CASE("the least configuration gives the defaults", "[conf]") {
  const auto reading = conf::read_text("[gateway]\nclient_interfaces = ['lan0']\n", "weir.toml");
  CHECK(all_problems(reading).empty());
  CHECK(reading.settings == defaults());
}

TEST_CASE("the shipped configuration says the defaults, with every key", "[conf]") {
  const std::filesystem::path file = WEIR_SOURCE_DIR "/conf/weir.toml";
  const auto reading = conf::read_file(file);
  CHECK(all_problems(reading).empty());
  CHECK(reading.settings == defaults());
}

TEST_CASE("every key is read", "[conf]") {
  const auto reading = conf::read_text(R"(
[gateway]
client_interfaces = ["lan0", "eth0.5"]
intercept_ports = [1, 65535]
preserve_client_address = false
masquerade = true
on_failure = "open"
manage_network = false
workers = 1024
connect_timeout = "1ms"
peek_timeout = "50ms"
idle_timeout = "1h"
drain_timeout = "0"
max_flows = 7
user = "gate"
fence = false
[mptcp]
on_syn = "strip"
alert = true
max_subflows = 9
endpoints = [{ address = "203.0.113.5", port = 443 }, { address = "2001:db8::5" }]
allow_join_initial_address = false
[mptcp.joins]
unknown = "drop"
[tls]
decrypt = true
ca_certificate = "ca/weir.crt"
ca_key = "/root/weir.key"
upstream_trust = "trust.pem"
on_untrusted_upstream = "mirror"
minimum_version = "1.3"
on_client_rejection = "block"
remember_rejection = "30m"
undecryptable = { client_certificate = "block", protocol = "block", ech = "block", not_tls = "block" }
handshake_timeout = "3s"
key_log = "keys.log"
[http]
domain_fronting = "block"
via = true
forwarded = true
upgrades = ["websocket", "IRC"]
header_timeout = "1s"
body_timeout = "2m"
[quic]
action = "allow"
[dns]
servers = ["192.0.2.53", "[2001:db8::53]:5353"]
watch = ["192.0.2.54"]
[admin]
listen = "[2001:db8::1]:9000"
token_file = "token"
[log]
level = "trace"
flows = "/var/log/flows"
events = "events.json"
requests = "stdout"
request_query = true
)",
                                       "/etc/weir/weir.toml");
  CHECK(all_problems(reading).empty());
  conf::Settings expected;
  expected.gateway = {.client_interfaces = {"lan0", "eth0.5"},
                      .intercept_ports = {1, 65535},
                      .preserve_client_address = false,
                      .masquerade = true,
                      .on_failure = conf::OnFailure::open,
                      .manage_network = false,
                      .workers = 1024,
                      .connect_timeout = 1ms,
                      .peek_timeout = 50ms,
                      .idle_timeout = 1h,
                      .drain_timeout = 0ms,
                      .max_flows = 7,
                      .user = "gate",
                      .fence = false};
  expected.mptcp = {.alert = true,
                    .max_subflows = 9,
                    .endpoints = {{.address = policy::Address::v4(203, 0, 113, 5), .port = 443},
                                  {.address = policy::Address::parse("2001:db8::5").value(), .port = 0}},
                    .allow_join_initial_address = false,
                    .unknown_joins = conf::UnknownJoins::drop};
  expected.tls = {.ca_certificate = "/etc/weir/ca/weir.crt",
                  .ca_key = "/root/weir.key",
                  .upstream_trust = "/etc/weir/trust.pem",
                  .on_untrusted_upstream = conf::OnUntrusted::mirror,
                  .minimum_version = conf::TlsVersion::tls13,
                  .on_client_rejection = conf::Instead::block,
                  .remember_rejection = 30min,
                  .undecryptable = {.client_certificate = conf::Instead::block,
                                    .protocol = conf::Instead::block,
                                    .encrypted_client_hello = conf::Instead::block,
                                    .not_tls = conf::Instead::block},
                  .handshake_timeout = 3s,
                  .key_log = "/etc/weir/keys.log"};
  expected.http = {.domain_fronting = conf::DomainFronting::block,
                   .via = true,
                   .forwarded = true,
                   .upgrades = {"websocket", "irc"},
                   .header_timeout = 1s,
                   .body_timeout = 2min};
  expected.quic.action = conf::QuicAction::allow;
  expected.dns = {.servers = {policy::Endpoint::parse("192.0.2.53:53").value(),
                              policy::Endpoint::parse("[2001:db8::53]:5353").value()},
                  .watch = {policy::Address::v4(192, 0, 2, 54)}};
  expected.admin = {.listen = policy::Endpoint::parse("[2001:db8::1]:9000").value(), .token_file = "/etc/weir/token"};
  expected.log = {.level = conf::LogLevel::trace,
                  .flows = "/var/log/flows",
                  .events = "/etc/weir/events.json",
                  .requests = "stdout",
                  .request_query = true};
  CHECK(reading.settings == expected);
  CHECK(reading.policy.on_syn == policy::OnSyn::strip);
  CHECK(reading.policy.tls == policy::Tls::decrypt);
}

TEST_CASE("every problem is shown at once, in the order of the file", "[conf]") {
  const auto reading = conf::read_text(R"([log]
level = 3

[gateway]
intercept_port = [80]
workers = "four"
[nonsense]
)",
                                       "weir.toml");
  CHECK(
      all_problems(reading) ==
      "weir.toml:2:9: error: level must be a string, not an integer\n"
      "weir.toml:4:1: error: gateway.client_interfaces is missing; name the interfaces where clients' packets "
      "arrive, such as client_interfaces = [\"lan0\"]\n"
      "weir.toml:5:1: error: unknown key 'intercept_port' in [gateway]; did you mean 'intercept_ports'?\n"
      "weir.toml:6:11: error: workers must be an integer from 0 to 1024, not a string\n"
      "weir.toml:7:2: error: unknown table 'nonsense'; known are 'gateway', 'mptcp', 'bypass', 'tls', 'rule', 'http', "
      "'quic', 'dns', 'admin' or 'log'\n");
}

TEST_CASE("TOML that does not parse is shown with its place", "[conf]") {
  struct Row {
    std::string text;
    unsigned line;
  };
  const auto row = GENERATE(values<Row>({{"[gateway]\nworkers = \n", 2},
                                         {"[gateway]\nworkers = 1\nworkers = 2\n", 3},
                                         {"[gateway\n", 1},
                                         {"[gateway]\n[gateway]\n", 2},
                                         {"[gateway]\nworkers = 99999999999999999999\n", 2},
                                         {"[gateway]\non_failure = \"open\n", 2},
                                         {"[gateway]\non_failure = \"\xff\xfe\"\n", 2},
                                         {std::string("\0\0\0\0\x7f"
                                                      "ELF\n",
                                                      9),
                                          1},
                                         {"[gateway]\nintercept_ports = " + std::string(10000, '['), 2}}));
  CAPTURE(row.text.substr(0, 60));
  const auto reading = conf::read_text(row.text, "weir.toml");
  REQUIRE(reading.problems.size() == 1);
  const auto& problem = reading.problems.front();
  CHECK(problem.line == row.line);
  CHECK(problem.column > 0);
  CHECK_FALSE(problem.message.empty());
  CHECK(problem.message.find_first_of(std::string("\0\n\x1b", 3)) == std::string::npos);
}

TEST_CASE("no cut of a file, and no changed byte of it, does harm", "[conf]") {
  std::ifstream in(WEIR_SOURCE_DIR "/conf/weir.toml");
  std::string text(std::istreambuf_iterator<char>(in), {});
  const auto key = text.find("client_interfaces =");
  REQUIRE(key != std::string::npos);
  for (std::size_t size = 0; size < text.size(); size += 7) {
    const auto reading = conf::read_text(std::string_view(text).substr(0, size), "weir.toml");
    if (size < key) CHECK_FALSE(reading.ok());
  }
  for (std::size_t at = 0; at < text.size(); at += 11) {
    auto changed = text;
    changed[at] = static_cast<char>(at * 37);
    for (const auto& problem : conf::read_text(changed, "weir.toml").problems) {
      CHECK_FALSE(problem.message.empty());
      CHECK(problem.message.find('\n') == std::string::npos);
    }
  }
}

TEST_CASE("a file that cannot be used says why", "[conf]") {
  const Folder folder;
  const auto only = [](const conf::Reading& reading) {
    REQUIRE(reading.problems.size() == 1);
    return reading.problems.front().text();
  };
  const auto missing = folder.path() / "missing.toml";
  CHECK(only(conf::read_file(missing)) ==
        missing.string() + ": error: the file cannot be read: No such file or directory");
  CHECK(only(conf::read_file(folder.path())) ==
        folder.path().string() + ": error: the file cannot be read: Is a directory");
  const auto file = folder.write(std::string(16 * 1024 * 1024 + 1, '#'));
  CHECK(only(conf::read_file(file)) == file.string() + ": error: the file is larger than 16 MiB");
  folder.write("");
  CHECK_THAT(only(conf::read_file(file)), ContainsSubstring("weir.toml: error: gateway.client_interfaces is missing"));
}

TEST_CASE("relative paths start at the configuration's folder", "[conf]") {
  const Folder folder;
  const auto reading =
      conf::read_file(folder.write("[gateway]\nclient_interfaces = ['lan0']\n[admin]\ntoken_file = 'token'\n"));
  CHECK(reading.settings.admin.token_file == folder.path() / "token");
}

TEST_CASE("what a problem quotes is one line, also where TOML itself is broken", "[conf]") {
  const auto reading = conf::read_text("[gateway]\nworkers = t\n\x01ow\n", "weir.toml");
  REQUIRE(reading.problems.size() == 1);
  const auto text = reading.problems.front().text();
  CHECK(text.starts_with("weir.toml:2:"));
  CHECK(text.find_first_of("\n\x01") == std::string::npos);
}
