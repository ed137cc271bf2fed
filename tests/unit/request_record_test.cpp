#include "proxy/flow/request_record.hpp"

#include <set>

#include <boost/json.hpp>

#include "tests/unit/catch.hpp"

using namespace weir;
using flow::RequestEnd;
namespace json = boost::json;

namespace {

flow::Record made_flow() {
  flow::Record record;
  record.client = flow::ClientEndpoint{*policy::Endpoint::parse("192.0.2.7:40000")};
  record.destination = flow::OriginalDestination{*policy::Endpoint::parse("[2001:db8::1]:8080")};
  record.transport = flow::Transport::mptcp;
  record.disposition = flow::Disposition::decrypt;
  return record;
}

struct Made {
  flow::Record flow = made_flow();
  flow::RequestRecord record;

  Made() {
    record.flow = 0xabc;
    record.stream = 5;
    record.started = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
    record.of = &flow;
    record.version = "HTTP/2";
    record.method = "GET";
    record.scheme = "https";
    record.authority = "www.example:8443";
    record.target = "/a/b?key=secret";
  }
  json::object told(bool with_query = false) const {
    const auto text = flow::to_json(record, with_query);
    CHECK(text.find_first_of("\n\r\x1b") == std::string::npos);
    return json::parse(text).as_object();
  }
  std::string url(bool with_query = false) const { return told(with_query).at("url").as_string().c_str(); }
};

}  // namespace

TEST_CASE("a request's record is one line of JSON", "[http]") {
  Made made;
  made.record.status = 404;
  made.record.request_bytes = 10;
  made.record.response_bytes = 20;
  made.record.first_byte = std::chrono::microseconds(30);
  made.record.last_byte = std::chrono::microseconds(40);
  made.record.rule = "tenant";
  made.record.fronting = true;
  made.record.name_confirmed = false;
  CHECK(made.told() == json::parse(R"({
    "flow": "0000000000000abc", "stream": 5, "started": "2023-11-14T22:13:20.123Z", "client": "192.0.2.7:40000",
    "destination": "[2001:db8::1]:8080", "transport": "mptcp", "disposition": "decrypt", "version": "HTTP/2",
    "method": "GET", "url": "https://www.example:8443/a/b", "status": 404, "request_bytes": 10, "response_bytes": 20,
    "first_byte_us": 30, "last_byte_us": 40, "rule": "tenant", "end": "finished", "domain_fronting": true,
    "name_confirmed": false})"));
}

TEST_CASE("a request's record: what is not known is null, or is left out", "[http]") {
  const auto told = Made().told();
  for (const auto* null : {"status", "first_byte_us", "rule"}) CHECK(told.at(null).is_null());
  for (const auto* none : {"fault", "domain_fronting", "name_confirmed"}) CHECK_FALSE(told.contains(none));
}

TEST_CASE("a request's disposition is its flow's, or what policy did to it", "[http]") {
  Made made;
  made.flow.disposition = flow::Disposition::inspect;
  const auto disposition = [&made](RequestEnd end) {
    made.record.end = end;
    const auto told = made.told();
    CHECK(told.at("end").as_string() == flow::name(end));
    return std::string(told.at("disposition").as_string());
  };
  CHECK(disposition(RequestEnd::finished) == "inspect");
  CHECK(disposition(RequestEnd::malformed) == "inspect");
  CHECK(disposition(RequestEnd::blocked) == "block");
  CHECK(disposition(RequestEnd::reset) == "reset");
}

TEST_CASE("a request's URL has its query only where that is asked for, and never who asks", "[http]") {
  Made made;
  CHECK(made.url(true) == "https://www.example:8443/a/b?key=secret");
  CHECK(made.url(false) == "https://www.example:8443/a/b");
  made.record.authority = "user:password@www.example";
  CHECK(made.url() == "https://www.example/a/b");
  made.record.authority = "a@b:c@www.example";
  CHECK(made.url() == "https://www.example/a/b");
  made.record.authority = "user@";
  CHECK(made.url() == "https://[2001:db8::1]:8080/a/b");
  made.record.authority = {};
  CHECK(made.url() == "https://[2001:db8::1]:8080/a/b");
  made.record.authority = "www.example";
  for (const auto* no_path : {"*", "", "user:password@other.example/x", "http://user:password@other.example/x", "?q"}) {
    made.record.target = no_path;
    CHECK(made.url(true) == "https://www.example");
  }
}

TEST_CASE("a request's record: hostile bytes do no harm", "[http]") {
  Made made;
  made.record.method = "G\x1b[2J\n";
  made.record.authority = "w\r\n\"w\xff";
  made.record.target = std::string_view("/\0\\\"?\x1b", 6);
  made.record.fault = "x\ny";
  made.record.rule = "a\"b";
  const auto told = made.told(true);
  CHECK(told.at("method") == "G?[2J?");
  CHECK(told.at("url") == "https://w??\"w?/?\\\"??");
  CHECK(told.at("fault") == "x?y");
  CHECK(told.at("rule") == "a\"b");
  const auto long_target = "/" + std::string(100'000, 'x');
  made.record.target = long_target;
  CHECK(made.url().size() > 100'000);
}

TEST_CASE("every end of a request has a name of its own", "[http]") {
  std::set<std::string> names;
  for (std::size_t end = 0; end < flow::kRequestEnds; ++end) names.insert(flow::name(static_cast<RequestEnd>(end)));
  CHECK(names.size() == flow::kRequestEnds);
  CHECK_FALSE(names.contains("unknown"));
}
