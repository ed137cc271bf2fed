// `weir status` and its siblings: what they say to people, and how they ask.
#include <boost/json.hpp>

#include "proxy/admin/client/client.hpp"
#include "proxy/admin/client/reports.hpp"
#include "proxy/admin/client/terminal.hpp"
#include "proxy/admin/views.hpp"
#include "tests/unit/admin_fixture.hpp"
#include "tests/unit/catch.hpp"

namespace json = boost::json;
using namespace weir;
using boost::beast::http::verb;

TEST_CASE("terminal: nothing is obeyed", "[admin]") {
  struct Row {
    std::string text;
    std::string safe;
    std::string json;
  };
  const Row rows[] = {
      {"plain, gr\xc3\xbc\xc3\x9f", "plain, gr\xc3\xbc\xc3\x9f", "plain, gr\xc3\xbc\xc3\x9f"},
      {"\x1b[2J", "\\x1b[2J", "\\u001b[2J"},
      {"\x7f", "\\x7f", "\\u007f"},
      {"\xc2\x9b"
       "31m",
       "\\u{009b}31m", "\\u009b31m"},
      {"\x9b"
       "31m",
       "\\x9b31m", "\\ufffd31m"},
      {"\xe2\x80\xae", "\\u{202e}", "\\u202e"},
      {"\xe2\x82", "\\xe2\\x82", "\\ufffd\\ufffd"},
      {"\xc0\x9b", "\\xc0\\x9b", "\\ufffd\\ufffd"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd"},
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
      {"a\nb", "a\\x0ab", "a\nb"},
  };
  for (const auto& row : rows) {
    CHECK(admin::terminal_safe(row.text) == row.safe);
    CHECK(admin::terminal_safe_json(row.text) == row.json);
  }
}

TEST_CASE("terminal: sizes and times", "[admin]") {
  CHECK(admin::human_bytes(0) == "0 B");
  CHECK(admin::human_bytes(1023) == "1023 B");
  CHECK(admin::human_bytes(1024) == "1.0 KiB");
  CHECK(admin::human_bytes(1024 * 1024 - 1) == "1.0 MiB");
  CHECK(admin::human_bytes(1536 * 1024) == "1.5 MiB");
  CHECK(admin::human_bytes(18446744073709551615ULL) == "16.0 EiB");
  using std::chrono::milliseconds;
  CHECK(admin::human_duration(milliseconds(0)) == "0 ms");
  CHECK(admin::human_duration(milliseconds(59'999)) == "59 s");
  CHECK(admin::human_duration(milliseconds(61'000)) == "1 min 1 s");
  CHECK(admin::human_duration(milliseconds(3'600'000)) == "1 h 0 min");
  CHECK(admin::human_duration(milliseconds(90'000'000)) == "1 d 1 h");
}

TEST_CASE("terminal: columns", "[admin]") {
  CHECK(admin::table({{"NAME"}, {"N", true}, {"END"}}, {{"\xc3\xa4", "1", "x"}, {"bcdef", "1000", "\x1b"}}) ==
        "NAME      N  END\n"
        "\xc3\xa4         1  x\n"
        "bcdef  1000  \\x1b\n");
}

TEST_CASE("reports: flows as a table", "[admin]") {
  auto flow = test::made_up_flow(0x2a);
  flow.transport = flow::Transport::mptcp;
  flow.subflows_now = 2;
  flow.bytes_to_client = 2048;
  flow.duration = std::chrono::seconds(65);
  flow.domain = "a.example";
  const auto text = admin::flows_report(json::parse(admin::flows_json({flow}, 3, 2)));
  CHECK(text ==
        "FLOW              CLIENT           DESTINATION       NAME       DISPOSITION  RULE  TRANSPORT  SUBFLOWS  FROM "
        "CLIENT  TO CLIENT    "
        "    AGE  IDLE\n"
        "000000000000002a  192.0.2.1:40000  198.51.100.7:443  a.example  splice       -     MPTCP             2        "
        "  0 B    2.0 KiB  "
        "1 min 5 s  0 ms\n"
        "1 flow of 2 (see --limit), 3 live in all\n");
  CHECK(admin::flows_report(json::parse(admin::flows_json({}, 0, 0))) == "0 flows\n");
}

TEST_CASE("reports: one flow with its subflows", "[admin]") {
  auto flow = test::made_up_flow(1);
  flow.transport = flow::Transport::mptcp;
  flow::Path path;
  path.client = flow.client;
  path.local = flow.destination;
  path.round_trip = std::chrono::microseconds(12'345);
  flow.paths = {path, path};
  flow.paths[1].live = false;
  flow.paths[1].end = "reset: \x1b";
  flow.domain = "a.example";
  flow.encrypted_client_hello = true;
  flow.rule = "ads";
  const auto text = admin::flow_report(json::parse(admin::flow_json(flow)));
  CHECK_THAT(text, ContainsSubstring("\ntransport           MPTCP\n"));
  CHECK_THAT(text, ContainsSubstring("\nname                a.example (outer name of an encrypted hello)\n"));
  CHECK_THAT(text, ContainsSubstring("\ndecided by          rule ads\n"));
  CHECK_THAT(text, ContainsSubstring("12.3 ms"));
  CHECK_THAT(text, ContainsSubstring("ended: reset: \\x1b\n"));
  flow.transport = flow::Transport::tcp;
  CHECK_THAT(admin::flow_report(json::parse(admin::flow_json(flow))), !ContainsSubstring("SUBFLOW"));
  flow::TlsRecord tls;
  tls.alpn = "h2";
  tls.detail = "client: unknown ca";
  tls.client = {.version = "TLSv1.3", .cipher = "TLS_AES_128_GCM_SHA256", .group = "x25519", .resumed = true};
  flow.tls = std::make_shared<const flow::TlsRecord>(tls);
  const auto decrypted = admin::flow_report(json::parse(admin::flow_json(flow)));
  CHECK_THAT(decrypted, ContainsSubstring("\nTLS with client     TLSv1.3, TLS_AES_128_GCM_SHA256, x25519, resumed\n"));
  CHECK_THAT(decrypted, ContainsSubstring("\nprotocol (ALPN)     h2\nTLS detail          client: unknown ca\n"));
}

TEST_CASE("reports: status and problems, also when fields are missing", "[admin]") {
  admin::Status status;
  status.version = "1.2";
  status.client_interfaces = {"lan0", "lan\x1b"};
  const auto text = admin::status_report(json::parse(admin::status_json(status, {}, status.started)));
  CHECK_THAT(text, ContainsSubstring("weir                1.2, starting, up 0 ms\n"));
  CHECK_THAT(text, ContainsSubstring("ready               no: weir is starting\n"));
  CHECK_THAT(text, ContainsSubstring("interfaces          lan0, lan\\x1b\n"));
  for (const auto* odd : {"{}", "[]", "null", "{\"counters\":3,\"flows\":[1,{}],\"paths\":[null]}"}) {
    CHECK_FALSE(admin::status_report(json::parse(odd)).empty());
    CHECK_FALSE(admin::flows_report(json::parse(odd)).empty());
    CHECK_FALSE(admin::flow_report(json::parse(odd)).empty());
  }
  CHECK(admin::problem_report(502, "<html>") == "weir answered with HTTP status 502");
  CHECK(admin::problem_report(422, R"({"detail":"no","problems":[{"file":"f","line":1,"column":2,"message":"m"}]})") ==
        "no\nf:1:2: error: m");
}

TEST_CASE("client: asks a running service", "[admin]") {
  test::AdminFixture admin;
  admin.start();
  const admin::Client client{{policy::Address::v4(127, 0, 0, 1), admin.port}};
  const auto status = admin::ask_gateway(client, verb::get, "/api/v1/status");
  REQUIRE(status.has_value());
  CHECK(status->status == 200);
  CHECK_THAT(status->body, ContainsSubstring("\"phase\":\"running\""));
  CHECK(admin::ask_gateway(client, verb::post, "/api/v1/reload")->status == 200);
  const admin::Client anywhere{{policy::Address::v4(0, 0, 0, 0), admin.port}};
  CHECK(admin::ask_gateway(anywhere, verb::get, "/healthz")->status == 200);
}

TEST_CASE("client: says who did not answer, and why", "[admin]") {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor other(context, {boost::asio::ip::address_v4::loopback(), 0});
  admin::Client client{{policy::Address::v4(127, 0, 0, 1), other.local_endpoint().port()}};
  const auto at = client.at.text();

  client.answer_timeout = std::chrono::milliseconds(50);
  CHECK(admin::ask_gateway(client, verb::get, "/").error() ==
        "no weir answers at " + at + ": it took too long; is it running?");

  client.answer_timeout = std::chrono::seconds(10);
  std::thread impostor([&other] {
    other.accept();  // the one before, which has left
    auto socket = other.accept();
    boost::asio::write(socket, boost::asio::buffer("SSH-2.0-x\r\n", 11));
    boost::system::error_code error;
    char byte = 0;
    while (socket.read_some(boost::asio::buffer(&byte, 1), error) != 0) continue;
  });
  CHECK_THAT(admin::ask_gateway(client, verb::get, "/").error(),
             ContainsSubstring("what answers at " + at + " is not weir: "));
  impostor.join();

  other.close();
  CHECK(admin::ask_gateway(client, verb::get, "/").error() ==
        "no weir answers at " + at + ": Connection refused; is it running?");
}
