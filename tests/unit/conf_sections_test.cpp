// Each section's checks: a configuration with one thing wrong, and the one problem it gives.
#include "conf/reader.hpp"
#include "tests/unit/catch.hpp"

using namespace weir;

namespace {

struct Row {
  std::string text;    // one table, and what is in it
  std::string place;   // LINE:COLUMN of the problem
  std::string phrase;  // in its message
};

// `text` is given what no configuration can do without, in a line more, unless it has it itself.
void check(const Row& row) {
  auto text = row.text;
  if (text.starts_with("[gateway]\n") && text.find("client_interfaces") == std::string::npos)
    text.insert(10, "client_interfaces = ['lan0']\n");
  else if (!text.starts_with("[gateway]\n"))
    text.insert(0, "gateway.client_interfaces = ['lan0']\n");
  CAPTURE(text);
  const auto reading = conf::read_text(text, "f");
  REQUIRE(reading.problems.size() == 1);
  CHECK_THAT(reading.problems.front().text(), ContainsSubstring("f:" + row.place + ": error: "));
  CHECK_THAT(reading.problems.front().message, ContainsSubstring(row.phrase));
}

}  // namespace

TEST_CASE("[gateway] refuses", "[conf]") {
  check(GENERATE(values<Row>({
      {"[gateway]\nclient_interfaces = []", "2:21", "must name at least one interface"},
      {"[gateway]\nclient_interfaces = 'lan0'", "2:21", "client_interfaces must be an array, not a string"},
      {"[gateway]\nclient_interfaces = [1]", "2:22", "an entry of client_interfaces must be a string, not an integer"},
      {"[gateway]\nclient_interfaces = ['']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['.']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['..']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['sixteen-letters-']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['a b']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['a/b']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['a:b']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['lan*']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['a\"b']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['a\\b']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['läuft']", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = [\"a\\u0000b\"]", "2:22", "not an interface's name"},
      {"[gateway]\nclient_interfaces = ['a', 'a']", "2:27", "'a' stands here twice"},
      {"[gateway]\nintercept_ports = []", "3:19", "must name at least one port"},
      {"[gateway]\nintercept_ports = 80", "3:19", "intercept_ports must be an array, not an integer"},
      {"[gateway]\nintercept_ports = ['80']", "3:20", "must be an integer from 1 to 65535, not a string"},
      {"[gateway]\nintercept_ports = [80.0]", "3:20", "not a floating-point number"},
      {"[gateway]\nintercept_ports = [0]", "3:20", "0 is no port"},
      {"[gateway]\nintercept_ports = [-80]", "3:20", "-80 is no port"},
      {"[gateway]\nintercept_ports = [65536]", "3:20", "65536 is no port"},
      {"[gateway]\nintercept_ports = [80, 443, 80]", "3:29", "80 stands here twice"},
      {"[gateway]\npreserve_client_address = 'yes'", "3:27", "must be true or false, not a string"},
      {"[gateway]\nmasquerade = 1", "3:14", "must be true or false, not an integer"},
      {"[gateway]\nmanage_network = []", "3:18", "must be true or false, not an array"},
      {"[gateway]\non_failure = 'close'", "3:14", "on_failure: 'close' is not one of 'closed' or 'open'"},
      {"[gateway]\non_failure = true", "3:14", "must be a string, not a boolean"},
      {"[gateway]\nworkers = -1", "3:11", "-1 is out of range; it must be 0 to 1024"},
      {"[gateway]\nworkers = 1025", "3:11", "1025 is out of range"},
      {"[gateway]\nmax_flows = -1", "3:13", "out of range"},
      {"[gateway]\nuser = 0", "3:8", "user must be a string, not an integer"},
      {"[gateway]\nfence = 'off'", "3:9", "fence must be true or false, not a string"},
      {"[gateway]\nconnect_timeout = 10", "3:19",
       "must be a duration in quotes, such as \"10s\" or \"5m\", not an integer"},
      {"[gateway]\nconnect_timeout = '0'", "3:19", "at least 1ms"},
      {"[gateway]\nconnect_timeout = '10'", "3:19", "write a whole number and a unit"},
      {"[gateway]\nidle_timeout = '0s'", "3:16", "at least 1ms"},
      {"[gateway]\ndrain_timeout = '11y'", "3:17", "ten years at most"},
      {"[gateway]\ndrain_timeout = \"\\u001b[2J\\u007f\"", "3:17", "\"?[2J?\" is not a duration"},
      {"[gateway]\nworker = 1", "3:1", "unknown key 'worker' in [gateway]; did you mean 'workers'?"},
      {"[gateway]\n\"\\u001b[2J\" = 1", "3:1", "unknown key '?[2J' in [gateway]; known are 'client_interfaces', "},
      {"[gateway.tls]\ndecrypt = false", "2:10", "unknown table 'tls' in [gateway]"},
  })));
}

TEST_CASE("[mptcp] refuses", "[conf]") {
  check(GENERATE(values<Row>({
      {"[mptcp]\non_syn = 'drop'", "3:10", "'drop' is not one of 'terminate', 'direct', 'strip' or 'deny'"},
      {"[mptcp]\nalert = 'on'", "3:9", "must be true or false"},
      {"[mptcp]\nmax_subflows = 0", "3:16", "it must be 1 to 9"},
      {"[mptcp]\nmax_subflows = 10", "3:16", "it must be 1 to 9"},
      {"[mptcp]\nallow_join_initial_address = 0", "3:30", "must be true or false"},
      {"[mptcp]\nendpoints = '192.0.2.1'", "3:13", "endpoints must be an array, not a string"},
      {"[mptcp]\nendpoints = ['192.0.2.1']", "3:14", "must be a table such as { address = "},
      {"[mptcp]\nendpoints = [{ port = 443 }]", "3:14", "needs an address"},
      {"[mptcp]\nendpoints = [{ address = 5 }]", "3:26", "address must be a string, not an integer"},
      {"[mptcp]\nendpoints = [{ address = 'weir.example' }]", "3:26", "neither an IPv4 nor an IPv6 address"},
      {"[mptcp]\nendpoints = [{ address = '192.0.2.0/24' }]", "3:26", "neither an IPv4 nor an IPv6 address"},
      {"[mptcp]\nendpoints = [{ address = '127.0.0.1' }]", "3:26", "no address that clients could reach"},
      {"[mptcp]\nendpoints = [{ address = '::' }]", "3:26", "no address that clients could reach"},
      {"[mptcp]\nendpoints = [{ address = '224.0.0.1' }]", "3:26", "no address that clients could reach"},
      {"[mptcp]\nendpoints = [{ address = '192.0.2.1', port = 0 }]", "3:46", "out of range; it must be 1 to 65535"},
      {"[mptcp]\nendpoints = [{ address = '192.0.2.1', ports = 1 }]", "3:39", "did you mean 'port'?"},
      {"[mptcp]\nendpoints = [{ address = '192.0.2.1' }, { address = '192.0.2.1' }]", "3:53", "stands here twice"},
      {"[mptcp]\nendpoints = [1, 2, 3, 4, 5, 6, 7, 8, 9]", "3:13", "has 9 entries; at most 8 can be given"},
  })));
}

TEST_CASE("[admin] refuses", "[conf]") {
  check(GENERATE(values<Row>({
      {"[admin]\nlisten = 9080", "3:10", "listen must be a string, not an integer"},
      {"[admin]\nlisten = '9080'", "3:10", "not an address and port such as"},
      {"[admin]\nlisten = 'localhost:9080'", "3:10", "not an address and port such as"},
      {"[admin]\nlisten = '::1:9080'", "3:10", "not an address and port such as"},
      {"[admin]\nlisten = '127.0.0.1:0'", "3:10", "not an address and port such as"},
      {"[admin]\nlisten = '192.0.2.1:9080'", "3:10", "so token_file must be given"},
      {"[admin]\nlisten = '0.0.0.0:9080'", "3:10", "so token_file must be given"},
      {"[admin]\nlisten = '[::]:9080'\ntoken_file = ''", "3:10", "so token_file must be given"},
      {"[admin]\nlisten = '224.0.0.1:9080'\ntoken_file = 'token'", "3:10", "multicast"},
      {"[admin]\nlisten = '127.0.0.1:443'", "3:10", "port 443 is in gateway.intercept_ports"},
      {"[admin]\ntoken_file = 1", "3:14", "token_file must be a string"},
      {"[admin]\nlisen = '127.0.0.1:9080'", "3:1", "did you mean 'listen'?"},
  })));
}

TEST_CASE("a token that cannot be understood is not also called missing", "[conf]") {
  check({"[admin]\nlisten = '0.0.0.0:9080'\ntoken_file = 1", "4:14", "token_file must be a string"});
}

TEST_CASE("[log] refuses", "[conf]") {
  check(GENERATE(values<Row>({
      {"[log]\nlevel = 'loud'", "3:9", "'loud' is not one of 'trace', 'debug', 'info', 'warn' or 'error'"},
      {"[log]\nflows = ''", "3:9", "must be a path, \"stdout\" or \"off\""},
      {"[log]\nflows = false", "3:9", "flows must be a string, not a boolean"},
      {"[log]\nevents = ''", "3:10", "must be a path, \"stdout\" or \"off\""},
      {"[log]\nevent = 'off'", "3:1", "did you mean 'events'?"},
      {"[log]\nrequests = ''", "3:12", "must be a path, \"stdout\" or \"off\""},
      {"[log]\nrequests = true", "3:12", "requests must be a string, not a boolean"},
      {"[log]\nrequest_query = 'off'", "3:17", "request_query must be true or false, not a string"},
      {"[log]\nrequest = 'off'", "3:1", "did you mean 'requests'?"},
  })));
}

TEST_CASE("[http] refuses", "[conf]") {
  check(GENERATE(values<Row>({
      {"[http]\ndomain_fronting = 'deny'", "3:19", "'deny' is not one of 'allow' or 'block'"},
      {"[http]\ndomain_fronting = true", "3:19", "domain_fronting must be a string, not a boolean"},
      {"[http]\nvia = 'weir'", "3:7", "via must be true or false, not a string"},
      {"[http]\nforwarded = 1", "3:13", "forwarded must be true or false, not an integer"},
      {"[http]\nupgrades = 'websocket'", "3:12", "upgrades must be an array, not a string"},
      {"[http]\nupgrades = [1]", "3:13", "an entry of upgrades must be a string, not an integer"},
      {"[http]\nupgrades = ['']", "3:13", "'' is not a protocol's name"},
      {"[http]\nupgrades = ['web socket']", "3:13", "'web socket' is not a protocol's name"},
      {"[http]\nupgrades = [\"a\\r\\nb\"]", "3:13", "'a??b' is not a protocol's name"},
      {"[http]\nupgrades = ['websocket', 'WebSocket']", "3:26", "'websocket' stands here twice"},
      {"[http]\nupgrades = ['H2C']", "3:13", "'h2c' would carry requests past the rules"},
      {"[http]\nheader_timeout = '0'", "3:18", "at least 1ms"},
      {"[http]\nbody_timeout = 30", "3:16", "must be a duration in quotes"},
      {"[http]\nheaders_timeout = '1s'", "3:1", "did you mean 'header_timeout'?"},
      {"[[http]]\nvia = true", "2:1", "'http' must be a table: [http]"},
      {"[htp]\nvia = true", "2:2", "did you mean 'http'?"},
  })));
}

TEST_CASE("[http]: no upgrades at all", "[conf]") {
  const auto reading = conf::read_text("gateway.client_interfaces = ['lan0']\n[http]\nupgrades = []", "f");
  CHECK(reading.ok());
  CHECK(reading.settings.http.upgrades.empty());
}

TEST_CASE("tables that this version has not are unknown", "[conf]") {
  check(GENERATE(values<Row>({
      {"[inspection]\ndecrypt = false", "2:2",
       "unknown table 'inspection'; known are 'gateway', 'mptcp', 'bypass', 'tls', 'rule'"},
      {"[[rules]]\nname = 'ads'", "2:3", "unknown table 'rules'; did you mean 'rule'?"},
      {"[gatway]\nworkers = 1", "2:2", "unknown table 'gatway'; did you mean 'gateway'?"},
      {"workers = 1", "2:1", "unknown key outside any table, 'workers'"},
      {"mptcp = 'terminate'", "2:9", "'mptcp' must be a table: [mptcp]"},
      {"[[mptcp]]\nalert = true", "2:1", "'mptcp' must be a table: [mptcp]"},
  })));
}
