// What the admin service says of decryption: exceptions, and the certificate that clients install.
#include <boost/json.hpp>

#include "proxy/admin/client/reports.hpp"
#include "proxy/admin/views.hpp"
#include "tests/unit/admin_fixture.hpp"
#include "tests/unit/catch.hpp"

using namespace weir;
using namespace std::chrono_literals;
using test::AdminFixture;
using test::body_of;
using test::status_of;
namespace json = boost::json;

namespace {

std::vector<admin::TlsException> two_exceptions() {
  return {{.cause = flow::TlsCause::rejected,
           .client = *policy::Address::parse("10.1.0.2"),
           .destination = {},
           .name = "www.example",
           .left = 90s},
          {.cause = flow::TlsCause::client_certificate,
           .client = {},
           .destination = *policy::Endpoint::parse("198.51.100.7:443"),
           .name = "bank.example",
           .left = 24h}};
}

}  // namespace

TEST_CASE("exceptions: as JSON and for people", "[admin][tls]") {
  const auto value = json::parse(admin::exceptions_json(two_exceptions()));
  CHECK(value == json::parse(R"({"exceptions": [
            {"cause": "rejected", "client": "10.1.0.2", "name": "www.example",
             "reason": "the client refused weir's certificate with an alert", "expires_in_s": 90},
            {"cause": "client_certificate", "destination": "198.51.100.7:443", "name": "bank.example",
             "reason": "the origin asks for a client certificate", "expires_in_s": 86400}]})"));
  CHECK(admin::exceptions_report(value) ==
        "CLIENT OR ORIGIN  NAME          CAUSE                      FOR  REASON\n"
        "10.1.0.2          www.example   rejected            1 min 30 s  the client refused weir's certificate with an "
        "alert\n"
        "198.51.100.7:443  bank.example  client_certificate     1 d 0 h  the origin asks for a client certificate\n");
  CHECK(admin::exceptions_report(json::parse(admin::exceptions_json({}))) == "there are no exceptions\n");
  auto hostile = two_exceptions();
  hostile[0].name = "\xff\xfe\x1b";
  CHECK(json::parse(admin::exceptions_json(hostile)).at("exceptions").at(0).at("name") == "???");
  for (const auto* odd : {"{}", "[]", "null", "{\"exceptions\":[1,{}]}"})
    CHECK_FALSE(admin::exceptions_report(json::parse(odd)).empty());
}

TEST_CASE("exceptions: the API shows and removes", "[admin][tls]") {
  AdminFixture admin;
  admin.gateway.exceptions_ = two_exceptions();
  admin.start();
  const auto list = admin.ask("GET", "/api/v1/exceptions");
  CHECK(status_of(list) == "HTTP/1.1 200 OK");
  CHECK(json::parse(body_of(list)).at("exceptions").as_array().size() == 2);
  CHECK(status_of(admin.ask("DELETE", "/api/v1/exceptions?what=www.example", "Origin: http://evil.example\r\n")) ==
        "HTTP/1.1 403 Forbidden");
  CHECK(body_of(admin.ask("DELETE", "/api/v1/exceptions?what=www.example")) == "{\"removed\":1}\n");
  CHECK(admin.gateway.who_ == "127.0.0.1");
  const auto none = admin.ask("DELETE", "/api/v1/exceptions?what=www.example");
  CHECK(status_of(none) == "HTTP/1.1 404 Not Found");
  CHECK_THAT(none, ContainsSubstring("Content-Type: application/problem+json\r\n"));
  CHECK(status_of(admin.ask("DELETE", "/api/v1/exceptions")) == "HTTP/1.1 400 Bad Request");
  const auto wrong_method = admin.ask("POST", "/api/v1/exceptions", "Content-Length: 0\r\n");
  CHECK(status_of(wrong_method) == "HTTP/1.1 405 Method Not Allowed");
  CHECK_THAT(wrong_method, ContainsSubstring("Allow: GET, HEAD, DELETE\r\n"));
}

TEST_CASE("the CA's certificate is there to install, where weir decrypts", "[admin][tls]") {
  struct Row {
    const char* path;
    const char* type;
    const char* name;
    std::string body;
  };
  const auto row = GENERATE(
      values<Row>({{"/ca.crt", "application/x-x509-ca-cert", "weir-ca.crt", std::string("\x30\x82\0der", 6)},
                   {"/ca.pem", "application/x-pem-file", "weir-ca.pem", "-----BEGIN"},
                   {"/ca.mobileconfig", "application/x-apple-aspen-config", "weir-ca.mobileconfig", "<?xml"}}));
  CAPTURE(row.path);
  AdminFixture admin;
  admin.start();
  const auto none = admin.ask("GET", row.path);
  CHECK(status_of(none) == "HTTP/1.1 404 Not Found");
  CHECK_THAT(none, ContainsSubstring("Content-Type: application/problem+json\r\n"));
  admin.on_thread([&] {
    admin.gateway.ca_files_ = {.der = std::string("\x30\x82\0der", 6), .pem = "-----BEGIN", .mobileconfig = "<?xml"};
  });
  const auto reply = admin.ask("GET", row.path);
  CHECK(status_of(reply) == "HTTP/1.1 200 OK");
  CHECK_THAT(reply, ContainsSubstring(std::string("Content-Type: ") + row.type + "\r\n"));
  CHECK_THAT(reply,
             ContainsSubstring(std::string("Content-Disposition: attachment; filename=\"") + row.name + "\"\r\n"));
  CHECK(body_of(reply) == row.body);
  CHECK(status_of(admin.ask("POST", row.path, "Content-Length: 0\r\n")) == "HTTP/1.1 405 Method Not Allowed");
}
