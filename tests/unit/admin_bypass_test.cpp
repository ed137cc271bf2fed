#include <boost/json.hpp>

#include "proxy/admin/bypass_request.hpp"
#include "proxy/admin/client/client.hpp"
#include "proxy/admin/client/reports.hpp"
#include "proxy/admin/views.hpp"
#include "tests/unit/admin_fixture.hpp"
#include "tests/unit/catch.hpp"

using namespace weir;
using namespace std::chrono_literals;
using test::AdminFixture;
namespace json = boost::json;

namespace {

std::string status_of(const std::string& reply) { return reply.substr(0, reply.find("\r\n")); }

}  // namespace

TEST_CASE("bypass: what an addition asks for", "[admin]") {
  const auto request = admin::parse_bypass_request(R"({"what": "*.media.example", "for": "90s", "flows": "any"})");
  REQUIRE(request.has_value());
  CHECK(request->what == "*.media.example");
  CHECK(request->duration == 90s);
  CHECK(request->flows == policy::Flows::any);
  CHECK(admin::parse_bypass_request(R"({"what":"192.0.2.1","for":"500ms"})").has_error());
  struct Row {
    const char* body;
    const char* error;
  };
  const auto row = GENERATE(values<Row>({
      {"", "the body is JSON such as"},
      {"[]", "the body is JSON such as"},
      {R"({"what": 1, "for": "1h"})", "the body is JSON such as"},
      {R"({"what": "192.0.2.1", "for": "1h", "because": "so"})", "the body is JSON such as"},
      {R"({"for": "1h"})", "what is missing"},
      {R"({"what": "192.0.2.1"})", "for is missing"},
      {R"({"what": "192.0.2.1", "for": "soon"})", "for is a duration"},
      {R"({"what": "192.0.2.1", "for": "0"})", "for is a duration"},
      {R"({"what": "192.0.2.1", "for": "1h", "flows": "udp"})", "flows is"},
  }));
  CAPTURE(row.body);
  const auto wrong = admin::parse_bypass_request(row.body);
  REQUIRE(wrong.has_error());
  CHECK_THAT(wrong.error(), ContainsSubstring(row.error));
}

TEST_CASE("bypass: the API adds, shows and removes", "[admin]") {
  AdminFixture admin;
  admin.start();
  const std::string body = R"({"what":"198.51.100.0/24","for":"1h"})";
  const auto fields = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  CHECK(status_of(admin.ask("POST", "/api/v1/bypass", fields, body)) == "HTTP/1.1 201 Created");
  CHECK_THAT(admin.ask("GET", "/api/v1/bypass"), ContainsSubstring("198.51.100.0/24"));
  CHECK(status_of(admin.ask("DELETE", "/api/v1/bypass?what=198.51.100.0%2F24")) == "HTTP/1.1 200 OK");
  CHECK(status_of(admin.ask("DELETE", "/api/v1/bypass?what=198.51.100.0%2F24")) == "HTTP/1.1 404 Not Found");
  CHECK(status_of(admin.ask("DELETE", "/api/v1/bypass")) == "HTTP/1.1 400 Bad Request");
  CHECK(status_of(admin.ask("POST", "/api/v1/bypass", "Content-Length: 2\r\n", "{}")) == "HTTP/1.1 400 Bad Request");
  const std::string refused = R"({"what":"refused","for":"1h"})";
  CHECK(status_of(admin.ask("POST", "/api/v1/bypass", "Content-Length: " + std::to_string(refused.size()) + "\r\n",
                            refused)) == "HTTP/1.1 422 Unprocessable Entity");
  const auto wrong_method = admin.ask("PUT", "/api/v1/bypass", "Content-Length: 0\r\n");
  CHECK(status_of(wrong_method) == "HTTP/1.1 405 Method Not Allowed");
  CHECK_THAT(wrong_method, ContainsSubstring("Allow: GET, HEAD, POST, DELETE\r\n"));
  CHECK(status_of(admin.ask("DELETE", "/api/v1/bypass?what=x", "Origin: http://evil.example\r\n")) ==
        "HTTP/1.1 403 Forbidden");
}

TEST_CASE("bypass: the API explains", "[admin]") {
  AdminFixture admin;
  admin.start();
  CHECK_THAT(admin.ask("GET", "/api/v1/explain?from=10.1.0.2&to=203.0.113.7:443&mptcp=true"),
             ContainsSubstring("\"disposition\":\"splice\""));
  CHECK(status_of(admin.ask("GET", "/api/v1/explain?from=10.1.0.2")) == "HTTP/1.1 400 Bad Request");
}

TEST_CASE("bypass: the list as JSON and for people", "[admin]") {
  admin::BypassList list;
  list.configured.push_back(
      {.name = "media", .destinations = 100'000, .domains = true, .ports = {443}, .learn_for = 1h, .syns = 7});
  list.added.push_back({"198.51.100.0/24", policy::Flows::any, 90s});
  list.learned.push_back({*policy::Address::parse("192.0.2.1"), "media", "seen", "a.media.example", 1h});
  list.withheld.push_back({*policy::Address::parse("192.0.2.2"), "bad.example", 1min});
  list.conflicts = 3;
  const auto value = json::parse(admin::bypass_json(list));
  CHECK(value.at("configured").at(0).at("destinations") == 100'000);
  CHECK(value.at("learned").at(0).at("reason") == "seen");
  CHECK(value.at("added").at(0).at("left_s") == 90);
  CHECK(value.at("withheld").at(0).at("name") == "bad.example");
  const auto report = admin::bypass_report(value);
  CHECK_THAT(report, ContainsSubstring("media  mptcp    100000  yes      443              7\n"));
  CHECK_THAT(report, ContainsSubstring("198.51.100.0/24  any    1 min 30 s\n"));
  CHECK_THAT(report, ContainsSubstring("192.0.2.1  media   seen    a.media.example  1 h 0 min\n"));
  CHECK_THAT(report, ContainsSubstring("conflicts  3\n"));
  CHECK(admin::bypass_report(json::parse(admin::bypass_json({}))) == "the bypass list is empty\n");
}

TEST_CASE("bypass: a value in a query is escaped", "[admin]") {
  CHECK(admin::query_escaped("2001:db8::/32 a&b=c%") == "2001%3Adb8%3A%3A%2F32%20a%26b%3Dc%25");
  CHECK(admin::query_escaped("*.x-y_z~.example") == "%2A.x-y_z~.example");
}

TEST_CASE("joins: the API and the report tell what happened on each path", "[admin]") {
  AdminFixture admin;
  admin.gateway.joins_.unknown = "direct";
  CHECK(admin::joins_report(json::parse(admin::joins_json(admin.gateway.joins_))) ==
        "no join was seen since weir started\n");
  flow::JoinPath path;
  path.client = *policy::Address::parse("10.1.1.2");
  path.destination = *policy::Endpoint::parse("198.51.100.7:443");
  path.attempts = 2;
  path.joined = 1;
  path.failed[static_cast<std::size_t>(flow::JoinCause::wrong_port)] = 1;
  admin.gateway.joins_.paths = {path};
  admin.gateway.joins_.since_start = {{"MismatchPortSynRx", 1}};
  admin.start();
  CHECK_THAT(admin.ask("GET", "/api/v1/joins"), ContainsSubstring("\"wrong_port\":1"));
  CHECK(
      admin::joins_report(json::parse(admin::joins_json(admin.gateway.joins_))) ==
      "10.1.1.2 to 198.51.100.7:443: 1 of 2 joins succeeded; 1 refused, because of another port than the connection's "
      "own\nthe kernel counted since weir started, on all paths:\n  1 join came to another port than its "
      "connection's\n");
}
