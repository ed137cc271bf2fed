// Server-sent events: resuming, many readers, readers that leave.
#include "proxy/admin/event_stream.hpp"
#include "tests/unit/admin_fixture.hpp"
#include "tests/unit/catch.hpp"

using namespace weir;
using test::AdminFixture;
using test::RawClient;
using test::status_of;

namespace {

std::string open_stream(RawClient& client, const std::string& query = {}, const std::string& fields = {}) {
  client.send("GET /api/v1/events" + query + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
  return client.until("retry: 2000\n\n");
}

flow::Event event(std::uint64_t sequence) {
  return {sequence, std::chrono::system_clock::time_point{}, "reload", {{"file", "a\nb"}}};
}

}  // namespace

TEST_CASE("admin events: the text of events", "[admin]") {
  CHECK(admin::event_text({}, 0).empty());
  CHECK(admin::event_text({event(4)}, 3) ==
        "id: 4\ndata: {\"event\":\"reload\",\"at\":\"1970-01-01T00:00:00.000Z\",\"sequence\":4,\"file\":\"a?b\"}\n\n");
  CHECK_THAT(admin::event_text({event(9)}, 3), ContainsSubstring(": 5 events are no longer kept\n\nid: 9\n"));
}

TEST_CASE("admin events: where a reader begins", "[admin]") {
  const auto cursor = [](const char* last_id, const char* target,
                         std::uint64_t newest) -> std::optional<std::uint64_t> {
    admin::Request request;
    if (*last_id != '\0') request.set("Last-Event-ID", last_id);
    return admin::named_cursor(request, *admin::parse_target(target), newest);
  };
  CHECK(cursor("", "/api/v1/events", 7) == std::nullopt);
  CHECK(cursor("3", "/api/v1/events", 7) == 3);
  CHECK(cursor("", "/api/v1/events?after=0", 7) == 0);
  CHECK(cursor("3", "/api/v1/events?after=0", 7) == 3);
  CHECK(cursor("900", "/api/v1/events", 7) == 0);  // weir was restarted
  CHECK(cursor("x", "/api/v1/events", 7) == std::nullopt);
}

TEST_CASE("admin events: thirty readers see each event", "[admin]") {
  AdminFixture admin;
  admin.start();
  std::vector<std::unique_ptr<RawClient>> readers;
  for (int i = 0; i < 30; ++i) {
    readers.push_back(std::make_unique<RawClient>(admin.port));
    const auto head = open_stream(*readers.back());
    CHECK(status_of(head) == "HTTP/1.1 200 OK");
    CHECK_THAT(head, ContainsSubstring("Content-Type: text/event-stream\r\n"));
    CHECK_THAT(head, !ContainsSubstring("Content-Length"));
  }
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    admin.announce(sequence);
    for (auto& reader : readers) {
      CHECK_THAT(reader->until("\n\n"), ContainsSubstring("id: " + std::to_string(sequence) + "\n"));
    }
  }
}

TEST_CASE("admin events: a reader resumes where it was", "[admin]") {
  AdminFixture admin;
  for (std::uint64_t sequence = 5; sequence <= 7; ++sequence) admin.gateway.events_.push_back(event(sequence));
  admin.start();
  RawClient resumed(admin.port);
  open_stream(resumed, "", "Last-Event-ID: 6\r\n");
  CHECK_THAT(resumed.until("\n\n"), ContainsSubstring("id: 7\n"));
  RawClient late(admin.port);
  open_stream(late, "?after=1");
  CHECK(late.until("\n\n") == ": 3 events are no longer kept\n\n");
  CHECK_THAT(late.until("\n\n"), ContainsSubstring("id: 5\n"));
}

TEST_CASE("admin events: an idle stream is kept alive by comments", "[admin]") {
  admin::Limits limits;
  limits.keep_alive = std::chrono::milliseconds(50);
  AdminFixture admin(limits);
  admin.start();
  RawClient reader(admin.port);
  open_stream(reader);
  CHECK(reader.until("\n\n") == ":\n\n");
  admin.announce(1);
  while (true) {
    const auto text = reader.until("\n\n");
    if (text == ":\n\n") continue;
    CHECK_THAT(text, ContainsSubstring("id: 1\n"));
    break;
  }
}

TEST_CASE("admin events: a reader too many is refused, until one leaves", "[admin]") {
  admin::Limits limits;
  limits.event_readers = 1;
  AdminFixture admin(limits);
  admin.start();
  auto first = std::make_unique<RawClient>(admin.port);
  open_stream(*first);
  RawClient refused(admin.port);
  refused.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto reply = refused.until_closed();
  CHECK(status_of(reply) == "HTTP/1.1 503 Service Unavailable");
  CHECK_THAT(reply, ContainsSubstring("Retry-After: 15\r\n"));
  // Its end is shown to it once the service has seen it leave, and given its place back.
  first->socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send);
  CHECK(first->until_closed().empty());
  RawClient second(admin.port);
  CHECK(status_of(open_stream(second)) == "HTTP/1.1 200 OK");
}

TEST_CASE("admin events: HEAD shows what a stream would be", "[admin]") {
  AdminFixture admin;
  admin.start();
  const auto reply = admin.ask("HEAD", "/api/v1/events");
  CHECK(status_of(reply) == "HTTP/1.1 200 OK");
  CHECK_THAT(reply, ContainsSubstring("Content-Type: text/event-stream\r\n"));
}
