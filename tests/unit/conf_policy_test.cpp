// [[bypass]] and [[rule]]: what they become, and what is wrong with them.
#include "conf/reader.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/conf_folder.hpp"
#include "tests/unit/make_policy.hpp"

using namespace weir;
using namespace std::chrono_literals;
using weir::tests::address;
using weir::tests::endpoint;
using weir::tests::Folder;

namespace {

constexpr std::string_view kGateway = "gateway.client_interfaces = ['lan0']\n";

std::string all_problems(const conf::Reading& reading) {
  std::string text;
  for (const auto& problem : reading.problems) text += problem.text() + "\n";
  return text;
}

policy::Policy read(const std::string& text) {
  auto reading = conf::read_text(std::string(kGateway) + text, "weir.toml");
  REQUIRE(all_problems(reading).empty());
  return std::move(reading.policy);
}

// Who decides on a flow whose name is known; the transport is MPTCP.
std::string decides(const policy::Policy& policy, std::string_view to, std::string_view name) {
  policy::Facts facts{
      .client = address("10.1.0.2"), .destination = endpoint(to), .transport = policy::Transport::mptcp};
  facts.domain = policy::DomainName::parse(name).value();
  facts.nothing_more();
  const auto outcome = policy::decide(policy, facts);
  return entry_name(policy, outcome.decision.source, outcome.decision.index);
}

struct Row {
  std::string text;    // an entry, and what is in it
  std::string place;   // LINE:COLUMN of its only problem
  std::string phrase;  // in its message
};

void check(const Row& row) {
  CAPTURE(row.text);
  const auto reading = conf::read_text(std::string(kGateway) + row.text, "f");
  CAPTURE(all_problems(reading));
  REQUIRE(reading.problems.size() == 1);
  CHECK_THAT(reading.problems.front().text(), ContainsSubstring("f:" + row.place + ": error: "));
  CHECK_THAT(reading.problems.front().message, ContainsSubstring(row.phrase));
}

}  // namespace

TEST_CASE("a bypass is read", "[conf]") {
  const auto policy = read(R"(
[[bypass]]
name = "media"
flows = "any"
destinations = ["198.51.100.0/24", "2001:db8::/32", "203.0.113.1"]
domains = ["*.media.example", "bücher.example", "*.Bücher.example."]
ports = [443]
sources = ["10.1.0.0/16"]
learn_for = "90m"
[[bypass]]
name = "least"
sources = ["10.9.0.1"]
)");
  REQUIRE(policy.bypasses->entries.size() == 2);
  const auto& media = policy.bypasses->entries[0];
  CHECK(media.name == "media");
  CHECK(media.flows == policy::Flows::any);
  CHECK(media.destinations == tests::prefixes({"198.51.100.0/24", "2001:db8::/32", "203.0.113.1"}));
  CHECK(media.sources == tests::prefixes({"10.1.0.0/16"}));
  CHECK(media.ports == std::vector<std::uint16_t>{443});
  CHECK(media.learn_for == 90min);
  CHECK(media.by_domain);
  CHECK(decides(policy, "192.0.2.1:443", "a.media.example") == "bypass media");
  CHECK(decides(policy, "192.0.2.1:443", "xn--bcher-kva.example") == "bypass media");
  CHECK(decides(policy, "192.0.2.1:443", "www.xn--bcher-kva.example") == "bypass media");
  CHECK(decides(policy, "192.0.2.1:443", "media.example").empty());
  const auto& least = policy.bypasses->entries[1];
  CHECK(least.flows == policy::Flows::mptcp);
  CHECK(least.learn_for == 1h);
  CHECK((least.by_source && !least.by_destination && !least.by_domain && least.ports.empty()));
}

TEST_CASE("a rule is read", "[conf]") {
  const auto policy = read(R"(
[mptcp]
on_syn = "strip"
[[rule]]
name = "everything"
when = { sources = ["10.1.0.0/16"], destinations = ["198.51.100.0/24"], ports = [80], transport = "mptcp", domains = ["a.example"], alpn = ["h2"], methods = ["GET"], paths = ["/x*"], headers = { "X-Tenant" = ["^a$", "^b$"] }, user_agents = ["curl"] }
action = "block"
tls = "passthrough"
[[rule]]
name = "syn"
when.interfaces = ["lan0"]
mptcp = "deny"
[[rule]]
name = "rest"
action = "reset"
[[rule]]
name = "one word"
when.headers = { X-Tenant = "^a$" }
)");
  REQUIRE(policy.rules->entries.size() == 4);
  CHECK(policy.on_syn == policy::OnSyn::strip);
  const auto& all = policy.rules->entries[0];
  CHECK((all.when.by_source && all.when.by_destination && all.when.by_domain && !all.when.is_of_syn()));
  CHECK(all.when.ports == std::vector<std::uint16_t>{80});
  CHECK(all.when.transport == policy::Transport::mptcp);
  CHECK(all.when.alpn == std::vector<std::string>{"h2"});
  CHECK(all.when.methods == std::vector<std::string>{"GET"});
  CHECK(all.when.paths.match("/xyz"));
  REQUIRE(all.when.headers.size() == 1);
  CHECK(all.when.headers[0].name == "x-tenant");
  CHECK(all.when.headers[0].values.match("b") == 1U);
  CHECK(all.when.user_agents.match("curl/8"));
  CHECK(all.action == policy::Action::block);
  CHECK(all.tls == policy::Tls::passthrough);
  CHECK_FALSE(all.mptcp);
  CHECK(policy.rules->entries[1].mptcp == policy::OnSyn::deny);
  CHECK(policy.rules->entries[1].when.interfaces == std::vector<std::string>{"lan0"});
  CHECK(policy.rules->entries[2].action == policy::Action::reset);
  CHECK(policy.rules->entries[3].when.headers.at(0).values.match("a"));
  CHECK(policy.rules->entries[2].when.is_of_syn());
}

TEST_CASE("what a rule does to header fields is read", "[conf]") {
  const auto policy = read(R"(
[[rule]]
name = "tenant"
set_request_headers = { X-Tenant = "acme, gr\u00fc\u00df\tx", Empty = "" }
remove_request_headers = ["Cookie", "X-Forwarded-For"]
set_response_headers = { Strict-Transport-Security = "max-age=1" }
remove_response_headers = ["Server"]
mptcp = "strip"
[[rule]]
name = "one"
when = { domains = ["x.example"], methods = ["GET"] }
tls = "decrypt"
remove_response_headers = ["Server"]
[[rule]]
name = "none"
)");
  using Fields = std::vector<policy::HeaderEdits::Field>;
  const auto& edits = policy.rules->entries[0].edits;
  CHECK(edits.set_request == Fields{{"Empty", ""}, {"X-Tenant", "acme, gr\xc3\xbc\xc3\x9f\tx"}});
  CHECK(edits.remove_request == std::vector<std::string>{"cookie", "x-forwarded-for"});
  CHECK(edits.set_response == Fields{{"Strict-Transport-Security", "max-age=1"}});
  CHECK(edits.remove_response == std::vector<std::string>{"server"});
  CHECK(policy.rules->entries[1].edits.remove_response == std::vector<std::string>{"server"});
  CHECK(policy.rules->entries[2].edits.empty());
  CHECK(policy.reads_requests());
}

TEST_CASE("a rule may ask for names that were confirmed, or were not", "[conf]") {
  const auto policy = read(R"(
[dns]
watch = ["192.0.2.53"]
[[rule]]
name = "honest"
when.name_confirmed = true
[[rule]]
name = "liars"
when.name_confirmed = false
[[rule]]
name = "all"
)");
  const auto& rules = policy.rules->entries;
  CHECK(rules[0].when.name_confirmed == true);
  CHECK(rules[1].when.name_confirmed == false);
  CHECK_FALSE(rules[2].when.name_confirmed);
  CHECK_FALSE(rules[1].when.is_of_syn());
  CHECK(policy.asks_for_confirmed_names());
}

TEST_CASE("lists may be files", "[conf]") {
  const Folder folder;
  folder.write("\xef\xbb\xbf# ads\r\n  ads.example  # the worst\r\n\r\n*.tracker.example\r\n#last\n192.0.2.1x.example",
               "lists/ads.txt");
  folder.write("", "lists/empty.txt");
  const auto file = folder.write(std::string(kGateway) + R"(
[[rule]]
name = "ads"
when.domains = ["own.example", "file:lists/ads.txt"]
action = "block"
[[rule]]
name = "empty"
when.domains = ["file:lists/empty.txt"]
action = "reset"
)");
  const auto reading = conf::read_file(file);
  CHECK(all_problems(reading).empty());
  const auto& policy = reading.policy;
  CHECK(policy.rules->indexes.domains.size() == 4);
  for (const auto* name : {"own.example", "ads.example", "x.tracker.example", "192.0.2.1x.example"})
    CHECK(decides(policy, "192.0.2.1:443", name).ends_with("ads"));
  CHECK(decides(policy, "192.0.2.1:443", "other.example").empty());
  CHECK(reading.settings.list_files ==
        std::vector<std::filesystem::path>{folder.path() / "lists/ads.txt", folder.path() / "lists/empty.txt"});
}

TEST_CASE("what is wrong in a list file is shown with its own place", "[conf]") {
  const Folder folder;
  folder.write("good.example\n  192.0.2.1 # no name\nhttp://x.example/\n", "ads.txt");
  folder.write("10.0.0.1/8\n", "nets.txt");
  const auto file = folder.write(std::string(kGateway) + R"([[rule]]
name = "ads"
when.domains = ["file:ads.txt"]
when.sources = ["file:nets.txt", "file:nosuch.txt"]
)");
  const auto at = folder.path().string() + "/";
  CHECK(all_problems(conf::read_file(file)) ==
        at + "weir.toml:5:34: error: sources: the list " + at +
            "nosuch.txt cannot be read: No such file or directory\n" + at +
            "ads.txt:2:3: error: domains: '192.0.2.1' is an address; addresses go into destinations\n" + at +
            "ads.txt:3:1: error: domains: 'http://x.example/' is a URL; write the name alone, such as "
            "\"www.example.com\"\n" +
            at + "nets.txt:1:1: error: sources: '10.0.0.1/8' has bits behind its length; write \"10.0.0.0/8\"\n");
}

TEST_CASE("of a list in a wrong format the first problems are shown", "[conf]") {
  const Folder folder;
  std::string hosts;
  for (int i = 0; i < 1000; ++i) hosts += "0.0.0.0 ads" + std::to_string(i) + ".example\n";
  folder.write(hosts, "hosts");
  const auto reading =
      conf::read_file(folder.write(std::string(kGateway) + "[[rule]]\nname = 'a'\nwhen.domains = ['file:hosts']\n"));
  REQUIRE(reading.problems.size() == 21);
  CHECK_THAT(reading.problems.front().message, ContainsSubstring("980 more entries of its lists are wrong"));
}

TEST_CASE("[[bypass]] refuses", "[conf]") {
  check(GENERATE(values<Row>({
      {"bypass = 3", "2:10", "'bypass' must be tables: [[bypass]]"},
      {"[bypass]\nname = 'a'", "2:1", "'bypass' must be tables: [[bypass]]"},
      {"[[bypass]]\nsources = ['10.0.0.1']", "2:1", "a [[bypass]] needs a name"},
      {"[[bypass]]\nname = ''\nsources = ['10.0.0.1']", "3:8", "'' cannot be a name"},
      {"[[bypass]]\nname = 'a\"b'\nsources = ['10.0.0.1']", "3:8", "cannot be a name"},
      {"[[bypass]]\nname = \"a\\nb\"\nsources = ['10.0.0.1']", "3:8", "cannot be a name"},
      {"[[bypass]]\nname = 'a'\nsources = ['10.0.0.1']\n[[bypass]]\nname = 'a'\nsources = ['10.0.0.1']", "6:8",
       "'a' stands here twice"},
      {"[[bypass]]\nname = 'a'", "2:1", "needs destinations, domains or sources"},
      {"[[bypass]]\nname = 'a'\nports = [443]", "2:1", "needs destinations, domains or sources"},
      {"[[bypass]]\nname = 'a'\nsources = ['10.0.0.1']\nflow = 'any'", "5:1",
       "unknown key 'flow' in [[bypass]]; did you mean 'flows'?"},
      {"[[bypass]]\nname = 'a'\nsources = ['10.0.0.1']\nflows = 'udp'", "5:9",
       "'udp' is not one of 'mptcp', 'tcp' or 'any'"},
      {"[[bypass]]\nname = 'a'\nsources = ['10.0.0.256']", "4:12", "is not an address or a prefix"},
      {"[[bypass]]\nname = 'a'\nsources = ['10.0.0.1/8']", "4:12", "write \"10.0.0.0/8\""},
      {"[[bypass]]\nname = 'a'\nsources = [10]", "4:12", "an entry of sources must be a string"},
      {"[[bypass]]\nname = 'a'\nsources = '10.0.0.1'", "4:11", "sources must be an array, not a string"},
      {"[[bypass]]\nname = 'a'\ndomains = ['192.0.2.0/24']", "4:12", "addresses go into destinations"},
      {"[[bypass]]\nname = 'a'\ndomains = ['a.*.b']", "4:12", "'*' where it has no meaning"},
      {"[[bypass]]\nname = 'a'\ndomains = ['https://x.example']", "4:12", "is a URL"},
      {"[[bypass]]\nname = 'a'\ndomains = ['a b']", "4:12", "is not a domain name"},
      {"[[bypass]]\nname = 'a'\ndomains = ['☃☃\xEF\xBF\xBD.example']", "4:12", "is not a domain name"},
      {"[[bypass]]\nname = 'a'\nsources = ['10.0.0.1']\nports = [8443]", "5:10",
       "8443 is not in gateway.intercept_ports"},
      {"[[bypass]]\nname = 'a'\nsources = ['10.0.0.1']\nports = [0]", "5:10", "0 is no port"},
      {"[[bypass]]\nname = 'a'\nsources = ['10.0.0.1']\nports = []", "5:9", "ports is empty"},
      {"[[bypass]]\nname = 'a'\nsources = ['10.0.0.1']\nlearn_for = '1h'", "5:13", "of no use without domains"},
      {"[[bypass]]\nname = 'a'\ndomains = ['x.example']\nlearn_for = '1 hour'", "5:13", "is not a duration"},
  })));
}

TEST_CASE("[[rule]] refuses", "[conf]") {
  check(GENERATE(values<Row>({
      {"[[rule]]\nwhen.ports = [80]", "2:1", "a [[rule]] needs a name"},
      {"[[rule]]\nname = 'a'\nwhen = 3", "4:8", "when must be a table, not an integer"},
      {"[[rule]]\nname = 'a'\nwhen.domain = ['x.example']", "4:6",
       "unknown key 'domain' in when; did you mean 'domains'?"},
      {"[[rule]]\nname = 'a'\nwhen.transport = 'udp'", "4:18", "'udp' is not one of 'tcp' or 'mptcp'"},
      {"[[rule]]\nname = 'a'\nwhen.alpn = []", "4:1", "alpn is empty"},
      {"[[rule]]\nname = 'a'\nwhen.alpn = ['']", "4:14", "is not a protocol's name"},
      {"[[rule]]\nname = 'a'\nwhen.methods = ['get']", "4:17", "they are in upper case"},
      {"[[rule]]\nname = 'a'\nwhen.paths = ['track']", "4:15", "begins with '/' or '*'"},
      {"[[rule]]\nname = 'a'\nwhen.paths = ['//track']", "4:15", "in its normal form"},
      {"[[rule]]\nname = 'a'\nwhen.paths = ['/%74rack']", "4:15", "in its normal form"},
      {"[[rule]]\nname = 'a'\nwhen.paths = ['file:/dev/null']", "4:15", "the list /dev/null is no regular file"},
      {"[[rule]]\nname = 'a'\nwhen.headers = { a = 1 }", "4:22", "a must be an array"},
      {"[[rule]]\nname = 'a'\nwhen.headers = { 'a b' = ['x'] }", "4:18", "'a b' is not a header's name"},
      {"[[rule]]\nname = 'a'\nwhen.headers = { a = ['('] }", "4:23",
       "is not a regular expression as RE2 has them: missing ): ("},
      {"[[rule]]\nname = 'a'\nwhen.headers = ['x']", "4:16", "headers must be a table"},
      {"[[rule]]\nname = 'a'\nwhen.user_agents = ['[']", "4:21", "is not a regular expression"},
      {"[[rule]]\nname = 'a'\nwhen.interfaces = ['wan0']\nmptcp = 'strip'", "4:1",
       "'wan0' is not in gateway.client_interfaces"},
      {"[[rule]]\nname = 'a'\nwhen.interfaces = ['lan0']", "2:1", "judges SYNs only: say what becomes of them"},
      {"[[rule]]\nname = 'a'\nwhen.interfaces = ['lan0']\nmptcp = 'strip'\naction = 'block'", "6:10",
       "it can say mptcp"},
      {"[[rule]]\nname = 'a'\naction = 'drop'", "4:10", "'drop' is not one of 'allow', 'block' or 'reset'"},
      {"[[rule]]\nname = 'a'\nmptcp = 'keep'", "4:9", "is not one of 'terminate', 'direct', 'strip' or 'deny'"},
      {"[[rule]]\nname = 'a'\nwhen.domains = ['x.example']\nmptcp = 'direct'", "5:9", "mptcp is decided on the SYN"},
      {"[[rule]]\nname = 'a'\nwhen.transport = 'tcp'\nmptcp = 'strip'", "5:9",
       "no effect in a rule for transport = \"tcp\""},
      {"[[rule]]\nname = 'a'\naction = 'block'\nmptcp = 'direct'", "5:9", "which then cannot block it"},
      {"[[rule]]\nname = 'a'\naction = 'block'\nmptcp = 'deny'", "5:9", "action and tls would have no effect"},
  })));
}

TEST_CASE("a rule's changes of headers: refused", "[conf]") {
  const std::string rule = "[[rule]]\nname = 'a'\n";
  check(GENERATE_COPY(values<Row>({
      {rule + "set_request_headers = ['x']", "4:23", "set_request_headers must be a table, not an array"},
      {rule + "set_request_headers = {}", "4:23", "this is empty; leave it out"},
      {rule + "set_request_headers = { a = 1 }", "4:29",
       "set_request_headers: the value of 'a' must be a string, not an integer"},
      {rule + "set_request_headers = { 'a b' = 'x' }", "4:25", "'a b' is not a header's name"},
      {rule + "set_request_headers = { '' = 'x' }", "4:25", "'' is not a header's name"},
      {rule + "set_request_headers = { \"a\\r\\nb\" = 'x' }", "4:25", "'a??b' is not a header's name"},
      {rule + "set_request_headers = { a = \"x\\r\\nb: c\" }", "4:29", "has a line break"},
      {rule + "set_request_headers = { a = \"x\\u0000\" }", "4:29", "another control character"},
      {rule + "set_request_headers = { a = \"x\\u007f\" }", "4:29", "another control character"},
      {rule + "set_request_headers = { a = ' x' }", "4:29", "a blank at an end"},
      {rule + "set_response_headers = { a = \"x\\t\" }", "4:30", "a blank at an end"},
      {rule + "set_request_headers = { a = '" + std::string(8193, 'x') + "' }", "4:29", "longer than 8192 bytes"},
      {rule + "set_request_headers = { X-A = '1', x-a = '2' }", "4:36", "'x-a' stands here twice"},
      {rule + "remove_request_headers = 'Cookie'", "4:26", "remove_request_headers must be an array, not a string"},
      {rule + "remove_request_headers = []", "4:26", "this is empty; leave it out"},
      {rule + "remove_request_headers = [1]", "4:27", "an entry of remove_request_headers must be a string"},
      {rule + "remove_request_headers = ['a', 'A']", "4:32", "'a' stands here twice"},
      {rule + "remove_response_headers = ['a:']", "4:28", "'a:' is not a header's name"},
      {rule + "set_request_headers = { X-A = '1' }\nremove_request_headers = ['x-a']", "5:27",
       "'x-a' is set by this rule"},
      {rule + "set_request_header = { a = '1' }", "4:1", "did you mean 'set_request_headers'?"},
      // An effect that would never be.
      {rule + "action = 'block'\nset_request_headers = { a = '1' }", "5:23",
       "changes of headers would have no effect: action = \"block\""},
      {rule + "action = 'reset'\nremove_request_headers = ['a']", "5:26", "action = \"reset\""},
      {rule + "tls = 'passthrough'\nset_response_headers = { a = '1' }", "5:24", "tls = \"passthrough\""},
      {rule + "mptcp = 'direct'\nremove_response_headers = ['a']", "5:27", "mptcp = \"direct\""},
      {rule + "mptcp = 'deny'\nremove_response_headers = ['a']", "5:27", "mptcp = \"deny\""},
      {rule + "when.interfaces = ['lan0']\nmptcp = 'strip'\nremove_response_headers = ['a']", "6:27",
       "a rule with interfaces judges SYNs only"},
      // And name_confirmed.
      {"[dns]\nwatch = ['192.0.2.53']\n" + rule + "when.name_confirmed = 'yes'", "6:23", "must be true or false"},
      {"[dns]\nwatch = ['192.0.2.53']\n" + rule + "when.name_confirmed = true\nmptcp = 'strip'", "7:9",
       "mptcp is decided on the SYN"},
      {rule + "when.name_confirmed = true", "4:23", "name_confirmed needs dns.watch"},
  })));
}

TEST_CASE("header fields that no rule may change", "[conf]") {
  struct Field {
    const char* name;
    const char* why;
  };
  const auto field = GENERATE(values<Field>({{"Content-Length", "frames the message"},
                                             {"transfer-encoding", "frames the message"},
                                             {"Trailer", "frames the message"},
                                             {"Connection", "about one connection"},
                                             {"Keep-Alive", "about one connection"},
                                             {"Proxy-Connection", "about one connection"},
                                             {"TE", "about one connection"},
                                             {"Upgrade", "see upgrades in [http]"},
                                             {"Host", "says whom the request is for"},
                                             {"Expect", "asks for an answer before the body"},
                                             {":authority", "is a part of the request or status line"},
                                             {":x", "is a part of the request or status line"}}));
  const auto quoted = std::string("'") + field.name + "'";
  for (const auto* which : {"request", "response"}) {
    const auto rule = std::string("[[rule]]\nname = 'a'\n");
    const auto set = std::string("set_") + which + "_headers = { ";
    check({rule + set + quoted + " = 'x' }", "4:" + std::to_string(set.size() + 1), field.why});
    const auto remove = std::string("remove_") + which + "_headers = [";
    check({rule + remove + quoted + "]", "4:" + std::to_string(remove.size() + 1), field.why});
  }
}

TEST_CASE("[quic], [dns] and [mptcp.joins] refuse", "[conf]") {
  check(GENERATE(values<Row>({
      {"[quic]\naction = 'drop'", "3:10", "'drop' is not one of 'reject' or 'allow'"},
      {"[quic]\nactions = 'reject'", "3:1", "did you mean 'action'?"},
      {"[dns]\nservers = ['dns.example']", "3:12", "'dns.example' is not an address"},
      {"[dns]\nservers = [53]", "3:12", "an entry of servers must be a string"},
      {"[dns]\nwatch = ['192.0.2.1:53']", "3:10", "is not an address such as"},
      {"[mptcp]\njoins = 'direct'", "3:9", "joins must be a table, not a string"},
      {"[mptcp.joins]\nunknown = 'accept'", "3:11", "'accept' is not one of 'direct' or 'drop'"},
      {"[mptcp.joins]\nknown = 'direct'", "3:1", "did you mean 'unknown'?"},
  })));
}
