// The admin service by real HTTP over loopback: endpoints, bad requests, slow and many clients.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>

#include "proxy/admin/page.hpp"
#include "tests/unit/admin_fixture.hpp"
#include "tests/unit/catch.hpp"

namespace json = boost::json;
using namespace weir;
using test::AdminFixture;
using test::body_of;
using test::RawClient;
using test::status_of;

TEST_CASE("admin: each endpoint answers", "[admin]") {
  AdminFixture admin;
  admin.gateway.flows_ = {test::made_up_flow(0x2a)};
  admin.start();
  struct Row {
    const char* target;
    const char* type;
    const char* part;
  };
  const Row rows[] = {
      {"/healthz", "text/plain; charset=utf-8", "ok"},
      {"/readyz", "text/plain; charset=utf-8", "ready"},
      {"/metrics", "text/plain; version=0.0.4; charset=utf-8", "\nweir_flows_live{transport=\"mptcp\"} 0\n"},
      {"/api/v1/status", "application/json", "\"phase\":\"running\""},
      {"/api/v1/flows", "application/json", "\"id\":\"000000000000002a\""},
      {"/api/v1/flows?limit=1&sort=bytes", "application/json", "\"total\":1"},
      {"/api/v1/flows/000000000000002a", "application/json", "\"live\":true"},
      {"/", "text/html; charset=utf-8", "<title>weir</title>"},
      {"/app.js", "text/javascript; charset=utf-8", ""},
      {"/style.css", "text/css; charset=utf-8", "prefers-color-scheme: dark"},
      {"/dygraph.min.js", "text/javascript; charset=utf-8", "Dygraph"},
      {"/dygraph.min.css", "text/css; charset=utf-8", "dygraph-legend"},
      {"/licences.txt", "text/plain; charset=utf-8", "Permission is hereby granted"},
      {"/favicon.svg", "image/svg+xml", "<svg"},
  };
  for (const auto& row : rows) {
    INFO(row.target);
    const auto reply = admin.ask("GET", row.target);
    CHECK(status_of(reply) == "HTTP/1.1 200 OK");
    CHECK_THAT(reply, ContainsSubstring(std::string("Content-Type: ") + row.type + "\r\n"));
    CHECK_THAT(body_of(reply), ContainsSubstring(row.part));
    const auto head = admin.ask("HEAD", row.target);
    CHECK(status_of(head) == "HTTP/1.1 200 OK");
    CHECK_THAT(head, ContainsSubstring("Content-Length: " + std::to_string(body_of(reply).size()) + "\r\n") ||
                         ContainsSubstring("uptime"));
    CHECK(body_of(head).empty());
  }
}

TEST_CASE("admin: every file of the page is served as it is", "[admin]") {
  const std::filesystem::path folder = std::filesystem::path(WEIR_SOURCE_DIR) / "proxy" / "admin" / "page";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    INFO(name);
    const auto* file = admin::page::find(name == "index.html" ? "/" : "/" + name);
    REQUIRE(file != nullptr);
    std::ifstream stream(entry.path(), std::ios::binary);
    CHECK(file->bytes == std::string(std::istreambuf_iterator<char>(stream), {}));
  }
}

TEST_CASE("admin: what cannot be answered is a problem", "[admin]") {
  AdminFixture admin;
  admin.start();
  struct Row {
    const char* method;
    const char* target;
    const char* status;
  };
  const Row rows[] = {
      {"GET", "/nothing", "HTTP/1.1 404 Not Found"},
      {"GET", "/api/v1/flows/", "HTTP/1.1 404 Not Found"},
      {"GET", "/api/v1/flows/1/2", "HTTP/1.1 404 Not Found"},
      {"GET", "/../etc/passwd", "HTTP/1.1 404 Not Found"},
      {"GET", "/api/v1/flows/0000000000000001", "HTTP/1.1 404 Not Found"},
      {"GET", "/api/v1/flows/x", "HTTP/1.1 400 Bad Request"},
      {"GET", "/api/v1/flows?limit=0", "HTTP/1.1 400 Bad Request"},
      {"GET", "/api/v1/flows?lim%zzit=1", "HTTP/1.1 400 Bad Request"},
      {"GET", "http://127.0.0.1/healthz", "HTTP/1.1 400 Bad Request"},
      {"POST", "/api/v1/status", "HTTP/1.1 405 Method Not Allowed"},
      {"DELETE", "/", "HTTP/1.1 405 Method Not Allowed"},
      {"GET", "/api/v1/reload", "HTTP/1.1 405 Method Not Allowed"},
      {"HEAD", "/api/v1/drain", "HTTP/1.1 405 Method Not Allowed"},
      {"PURGE", "/", "HTTP/1.1 405 Method Not Allowed"},
  };
  for (const auto& row : rows) {
    INFO(row.method << " " << row.target);
    const auto reply = admin.ask(row.method, row.target);
    CHECK(status_of(reply) == row.status);
    CHECK_THAT(reply, ContainsSubstring("Content-Type: application/problem+json\r\n"));
    if (std::string(row.method) == "HEAD") continue;
    const auto problem = json::parse(body_of(reply));
    CHECK(std::to_string(problem.at("status").as_int64()) == std::string(row.status).substr(9, 3));
    CHECK(problem.at("type") == "about:blank");
    CHECK_FALSE(problem.at("detail").as_string().empty());
  }
  CHECK_THAT(admin.ask("PUT", "/api/v1/drain"), ContainsSubstring("Allow: POST\r\n"));
  CHECK_THAT(admin.ask("PUT", "/metrics"), ContainsSubstring("Allow: GET, HEAD\r\n"));
}

TEST_CASE("admin: every reply keeps browsers from misusing it", "[admin]") {
  AdminFixture admin;
  admin.start();
  for (const auto* target : {"/", "/api/v1/status", "/nothing"}) {
    const auto reply = admin.ask("GET", target);
    CHECK_THAT(reply, ContainsSubstring("X-Content-Type-Options: nosniff\r\n"));
    CHECK_THAT(reply, ContainsSubstring("Cache-Control: no-store\r\n"));
    CHECK_THAT(reply, ContainsSubstring("Referrer-Policy: no-referrer\r\n"));
    CHECK_THAT(reply, ContainsSubstring("default-src 'none'; script-src 'self'"));
    CHECK_THAT(reply, ContainsSubstring("frame-ancestors 'none'\r\n"));
  }
}

TEST_CASE("admin: readiness says why not", "[admin]") {
  AdminFixture admin;
  admin.gateway.status_.phase = admin::Phase::draining;
  admin.start();
  const auto reply = admin.ask("GET", "/readyz");
  CHECK(status_of(reply) == "HTTP/1.1 503 Service Unavailable");
  CHECK_THAT(body_of(reply), ContainsSubstring("weir is draining"));
  CHECK(status_of(admin.ask("GET", "/healthz")) == "HTTP/1.1 200 OK");
}

TEST_CASE("admin: a reload says what was wrong, or that it is done", "[admin]") {
  AdminFixture admin;
  admin.start();
  CHECK(body_of(admin.ask("POST", "/api/v1/reload", "Content-Length: 0\r\n")) == "{\"reloaded\":true}\n");
  admin.on_thread([&] { admin.gateway.problems_ = {{"weir.toml", 3, 7, "no such key"}}; });
  const auto reply = admin.ask("POST", "/api/v1/reload", "Content-Length: 0\r\n");
  CHECK(status_of(reply) == "HTTP/1.1 422 Unprocessable Entity");
  const auto problem = json::parse(body_of(reply)).at("problems").as_array().at(0);
  CHECK(problem.at("line") == 3);
  CHECK(problem.at("column") == 7);
  CHECK(problem.at("message") == "no such key");
}

TEST_CASE("admin: a drain is answered before it begins", "[admin]") {
  AdminFixture admin;
  auto drained = admin.gateway.drained_.get_future();
  admin.start();
  CHECK(status_of(admin.ask("POST", "/api/v1/drain")) == "HTTP/1.1 202 Accepted");
  CHECK(drained.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}

TEST_CASE("admin: one connection serves requests one after another, also sent together", "[admin]") {
  AdminFixture admin;
  admin.start();
  RawClient client(admin.port);
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send(request);
  CHECK(body_of(client.reply()) == "ok\n");
  client.send(request + request);
  CHECK(body_of(client.reply()) == "ok\n");
  CHECK(body_of(client.reply()) == "ok\n");
}

TEST_CASE("admin: what is too large is refused, and the refusal arrives", "[admin]") {
  AdminFixture admin;
  admin.start();
  const auto head = admin.ask("GET", "/healthz", "X-Long: " + std::string(20'000, 'x') + "\r\n");
  CHECK(status_of(head) == "HTTP/1.1 431 Request Header Fields Too Large");
  const std::string body(200'000, 'x');
  const auto large = admin.ask("POST", "/api/v1/reload", "Content-Length: 200000\r\n", body);
  CHECK(status_of(large) == "HTTP/1.1 413 Payload Too Large");
  const auto chunked =
      admin.ask("POST", "/api/v1/reload", "Transfer-Encoding: chunked\r\n", "30d40\r\n" + body + "\r\n0\r\n\r\n");
  CHECK(status_of(chunked) == "HTTP/1.1 413 Payload Too Large");

  RawClient client(admin.port);  // closing over unread bytes would be a reset, which can overtake the refusal
  client.send("POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n" + body);
  client.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send);
  CHECK(status_of(client.reply()) == "HTTP/1.1 413 Payload Too Large");
  CHECK(client.closed_in_order());

  CHECK(status_of(admin.ask("GET", "/healthz")) == "HTTP/1.1 200 OK");
}

TEST_CASE("admin: what is not HTTP is refused", "[admin]") {
  AdminFixture admin;
  admin.start();
  for (const auto* text : {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "GET / HTTP/3.0\r\n\r\n", "nonsense\r\n\r\n",
                           "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
                           "POST /api/v1/reload HTTP/1.1\r\nHost: ::1\r\nContent-Length: 1\r\nTransfer-Encoding: "
                           "chunked\r\n\r\n0\r\n\r\n"}) {
    RawClient client(admin.port);
    client.send(text);
    client.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send);
    const auto reply = client.until_closed();
    CHECK((reply.empty() || status_of(reply) == "HTTP/1.1 400 Bad Request"));
  }
}

TEST_CASE("admin: a slow client is closed, others are served meanwhile", "[admin]") {
  admin::Limits limits;
  limits.read_timeout = std::chrono::milliseconds(200);
  AdminFixture admin(limits);
  admin.start();
  RawClient slow(admin.port);
  slow.send("GET /healthz HT");
  CHECK(status_of(admin.ask("GET", "/healthz")) == "HTTP/1.1 200 OK");
  CHECK(slow.until_closed().empty());
}

TEST_CASE("admin: a client that does not read what it asked for is closed", "[admin]") {
  admin::Limits limits;
  limits.write_timeout = std::chrono::milliseconds(200);
  limits.connections = 1;
  AdminFixture admin(limits);
  auto flow = test::made_up_flow(1);
  flow.transport = flow::Transport::mptcp;
  flow.paths.resize(8);  // some 17 MB of JSON, more than socket buffers take
  admin.gateway.flows_.assign(10'000, flow);
  admin.start();
  RawClient slow(admin.port);
  slow.socket().set_option(boost::asio::socket_base::receive_buffer_size(4096));
  slow.send("GET /api/v1/flows?limit=10000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  CHECK_THAT(slow.until("\r\n\r\n"), ContainsSubstring("200 OK"));
  // The only place is free again once the slow one has been closed.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string status;
  while (status != "HTTP/1.1 200 OK" && std::chrono::steady_clock::now() < deadline)
    status = status_of(admin.ask("GET", "/healthz"));
  CHECK(status == "HTTP/1.1 200 OK");
}

TEST_CASE("admin: one connection too many is told so", "[admin]") {
  admin::Limits limits;
  limits.connections = 2;
  AdminFixture admin(limits);
  admin.start();
  RawClient first(admin.port);
  RawClient second(admin.port);
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (auto* client : {&first, &second}) {  // seen to be accepted
    client->send(request);
    CHECK(status_of(client->reply()) == "HTTP/1.1 200 OK");
  }
  RawClient third(admin.port);
  CHECK(status_of(third.until_closed()) == "HTTP/1.1 503 Service Unavailable");
}

TEST_CASE("admin: a worker that hangs does not hang its observer", "[admin]") {
  admin::Limits limits;
  limits.patience = std::chrono::milliseconds(100);
  AdminFixture admin(limits);
  admin.gateway.answers_ = false;
  admin.start();
  CHECK(status_of(admin.ask("GET", "/api/v1/flows")) == "HTTP/1.1 503 Service Unavailable");
}

TEST_CASE("admin: replies that wait for their readers are bounded", "[admin]") {
  admin::Limits limits;
  limits.bytes_in_flight = 1000;
  AdminFixture admin(limits);
  for (std::uint64_t id = 1; id <= 10; ++id) admin.gateway.flows_.push_back(test::made_up_flow(id));
  admin.start();
  CHECK(status_of(admin.ask("GET", "/api/v1/flows")) == "HTTP/1.1 503 Service Unavailable");
  CHECK(status_of(admin.ask("GET", "/api/v1/flows?limit=1")) == "HTTP/1.1 200 OK");
}

TEST_CASE("admin: foreign pages are refused", "[admin]") {
  AdminFixture admin;
  admin.start();
  const auto ask = [&](const std::string& method, const std::string& target, const std::string& fields) {
    RawClient client(admin.port);
    client.send(method + " " + target + " HTTP/1.1\r\nConnection: close\r\n" + fields + "\r\n");
    return status_of(client.until_closed());
  };
  CHECK(ask("GET", "/api/v1/status", "Host: rebound.example\r\n") == "HTTP/1.1 403 Forbidden");
  CHECK(ask("GET", "/", "Host: rebound.example:9080\r\n") == "HTTP/1.1 403 Forbidden");
  CHECK(ask("GET", "/healthz", "Host: weir\r\n") == "HTTP/1.1 200 OK");
  CHECK(ask("GET", "/api/v1/status", "") == "HTTP/1.1 400 Bad Request");
  CHECK(ask("GET", "/api/v1/status", "Host: localhost\r\nHost: localhost\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(ask("POST", "/api/v1/reload", "Host: localhost:1\r\nOrigin: http://evil.example\r\n") ==
        "HTTP/1.1 403 Forbidden");
  CHECK(ask("POST", "/api/v1/reload", "Host: localhost:1\r\nSec-Fetch-Site: cross-site\r\n") ==
        "HTTP/1.1 403 Forbidden");
  CHECK(ask("POST", "/api/v1/reload", "Host: localhost:1\r\nOrigin: http://localhost:1\r\n") == "HTTP/1.1 200 OK");
}

TEST_CASE("admin: it says in one sentence why it cannot listen", "[admin]") {
  AdminFixture first;
  first.start();
  boost::asio::io_context context;
  test::MadeUpGateway gateway;
  conf::AdminSettings settings;
  settings.listen = {policy::Address::v4(127, 0, 0, 1), first.port};
  admin::Service second(context, settings, gateway);
  CHECK(second.start().error() == "admin cannot listen on 127.0.0.1:" + std::to_string(first.port) +
                                      ": Address already in use; end what uses that address or set another "
                                      "admin.listen");
  settings.listen = {policy::Address::v4(0, 0, 0, 0), 0};
  admin::Service open(context, settings, gateway);
  CHECK(open.start().error() == "admin.listen 0.0.0.0:0 is not a loopback address: set admin.token_file as well");
  settings.token_file = "/nonexistent/token";
  admin::Service tokenless(context, settings, gateway);
  CHECK(tokenless.start().error() == "admin.token_file: token file /nonexistent/token: No such file or directory");
}

TEST_CASE("admin: it listens on IPv6 as well", "[admin]") {
  AdminFixture admin;
  boost::asio::io_context context;
  conf::AdminSettings settings;
  settings.listen = {*policy::Address::parse("::1"), 0};
  admin::Service service(context, settings, admin.gateway);
  const auto started = service.start();
  INFO((started ? "" : started.error()));
  CHECK(started.has_value());
  CHECK(service.local().port != 0);
}

TEST_CASE("admin: stopping ends every connection", "[admin]") {
  admin::Limits limits;
  limits.read_timeout = std::chrono::minutes(1);  // longer than the client waits
  AdminFixture admin(limits);
  admin.start();
  RawClient idle(admin.port);
  idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  idle.reply();
  RawClient events(admin.port);
  events.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK_THAT(events.until("\n\n"), ContainsSubstring("200 OK"));
  admin.on_thread([&] { admin.service.stop(); });
  CHECK(idle.until_closed().empty());
  CHECK(events.until_closed().find("still open") == std::string::npos);
}
