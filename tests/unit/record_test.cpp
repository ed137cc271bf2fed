#include "proxy/flow/record.hpp"

#include <boost/json.hpp>

#include "proxy/flow/event.hpp"
#include "proxy/flow/tls_cause.hpp"
#include "tests/unit/catch.hpp"

using namespace weir;
namespace json = boost::json;

namespace {

flow::Record finished_record() {
  flow::Record record;
  record.id = 0xabc;
  record.started = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  record.duration = std::chrono::milliseconds(42);
  record.client = flow::ClientEndpoint{*policy::Endpoint::parse("192.0.2.7:40000")};
  record.destination = flow::OriginalDestination{*policy::Endpoint::parse("[2001:db8::1]:443")};
  record.bytes_from_client = 10;
  record.bytes_to_client = 20;
  record.end = flow::End{flow::Stage::relay, flow::Side::client, flow::Code::finished, {}};
  return record;
}

}  // namespace

TEST_CASE("a record is one line of JSON with the interface's names") {
  const auto text = flow::to_json(finished_record());
  CHECK(text.find('\n') == std::string::npos);
  const auto object = json::parse(text).as_object();
  CHECK(object.at("id") == "0000000000000abc");
  CHECK(object.at("started") == "2023-11-14T22:13:20.123Z");
  CHECK(object.at("duration_ms") == 42);
  CHECK(object.at("client") == "192.0.2.7:40000");
  CHECK(object.at("destination") == "[2001:db8::1]:443");
  CHECK(object.at("transport") == "tcp");
  CHECK(object.at("subflows") == 1);
  CHECK(object.at("disposition") == "splice");
  CHECK(object.at("bytes_from_client") == 10);
  CHECK(object.at("bytes_to_client") == 20);
  CHECK(object.at("upstream").is_null());
  CHECK(object.at("end") == json::object({{"stage", "relay"}, {"side", "client"}, {"code", "finished"}}));
  CHECK(object.at("error").is_null());
  CHECK_FALSE(object.contains("paths"));
}

TEST_CASE("a failed flow names the system's error") {
  auto record = finished_record();
  record.end->error = std::make_error_code(std::errc::connection_reset);
  CHECK(json::parse(flow::to_json(record)).at("error").as_string() == record.end->error.message());
}

TEST_CASE("an MPTCP record lists its paths") {
  auto record = finished_record();
  record.transport = flow::Transport::mptcp;
  record.token = 7;
  flow::Path path;
  path.client = record.client;
  path.local = record.destination;
  path.bytes_from_client = 5;
  path.round_trip = std::chrono::microseconds(900);
  path.live = false;
  path.end = "timed out";
  record.paths.push_back(path);
  const auto object = json::parse(flow::to_json(record)).as_object();
  const auto& only = object.at("paths").as_array().at(0).as_object();
  CHECK(only.at("client") == "192.0.2.7:40000");
  CHECK(only.at("bytes_from_client") == 5);
  CHECK(only.at("round_trip_us") == 900);
  CHECK(only.at("end") == "timed out");
  CHECK(object.at("token") == 7);
}

TEST_CASE("the record of a flow that was decrypted says what was agreed on with each side", "[tls]") {
  auto record = finished_record();
  CHECK_FALSE(json::parse(flow::to_json(record)).as_object().contains("tls"));
  record.disposition = flow::Disposition::decrypt;
  flow::TlsRecord tls;
  tls.client =
      flow::TlsLeg{.version = "TLSv1.3", .cipher = "TLS_AES_128_GCM_SHA256", .group = "x25519", .resumed = true};
  tls.upstream =
      flow::TlsLeg{.version = "TLSv1.2", .cipher = "ECDHE-RSA-AES128-GCM-SHA256", .group = {}, .resumed = false};
  tls.alpn = "h2";
  record.tls = std::make_shared<const flow::TlsRecord>(tls);
  const auto object = json::parse(flow::to_json(record)).as_object();
  CHECK(object.at("disposition") == "decrypt");
  CHECK(object.at("alpn") == "h2");
  CHECK(object.at("tls") ==
        json::parse(R"({"client": {"version": "TLSv1.3", "cipher": "TLS_AES_128_GCM_SHA256", "group": "x25519",
                                   "resumed": true},
                        "upstream": {"version": "TLSv1.2", "cipher": "ECDHE-RSA-AES128-GCM-SHA256", "group": null,
                                     "resumed": false}})"));
}

TEST_CASE("the record of a flow that was to be decrypted says why it was not, and what was wrong", "[tls]") {
  auto record = finished_record();
  flow::TlsRecord tls;
  tls.not_decrypted = flow::name(flow::TlsCause::client_certificate);
  record.tls = std::make_shared<const flow::TlsRecord>(tls);
  const auto unread = json::parse(flow::to_json(record)).as_object();
  CHECK(unread.at("alpn").is_null());
  CHECK(unread.at("tls") == json::parse(R"({"not_decrypted": "client_certificate"})"));
  tls = {};
  tls.faults = {"expired", "wrong_name"};
  tls.detail = "expired \x1b[2J\n";
  tls.leaf_mirrors_faults = true;
  tls.truncated = flow::Side::upstream;
  record.tls = std::make_shared<const flow::TlsRecord>(tls);
  CHECK(json::parse(flow::to_json(record)).at("tls") ==
        json::parse(R"({"faults": ["expired", "wrong_name"], "detail": "expired ?[2J?", "mirrored": true,
                        "truncated": "upstream"})"));
}

TEST_CASE("every cause not to decrypt has a name and a sentence", "[tls]") {
  for (std::size_t cause = 0; cause < flow::kTlsCauses; ++cause) {
    CHECK_FALSE(std::string(flow::name(static_cast<flow::TlsCause>(cause))).empty());
    CHECK_FALSE(std::string(flow::sentence(static_cast<flow::TlsCause>(cause))).empty());
  }
}

TEST_CASE("a record counts requests where they are read", "[http]") {
  using flow::Disposition;
  auto record = finished_record();
  const auto requests = [&record] {
    const auto object = json::parse(flow::to_json(record)).as_object();
    return object.contains("requests") ? object.at("requests") : json::value("absent");
  };
  for (const auto unread : {Disposition::direct, Disposition::splice, Disposition::block, Disposition::reset}) {
    record.disposition = unread;
    CHECK(requests() == "absent");
  }
  for (const auto read : {Disposition::inspect, Disposition::decrypt}) {
    record.disposition = read;
    CHECK(requests() == 0);
  }
  record.requests = 3;
  CHECK(requests() == 3);
  record.disposition = Disposition::block;
  CHECK(requests() == 3);
}

TEST_CASE("ids are 16 hexadecimal digits, both ways") {
  CHECK(flow::parse_id(flow::id_text(0x0123456789abcdef)) == 0x0123456789abcdefU);
  for (const auto* wrong : {"", "12", "000000000000000g", "-000000000000001", "00000000000000001"})
    CHECK_FALSE(flow::parse_id(wrong));
}

TEST_CASE("every end has a name") {
  for (std::size_t code = 0; code <= static_cast<std::size_t>(flow::Code::failed); ++code)
    CHECK(flow::name(static_cast<flow::Code>(code)) != std::string("unknown"));
  CHECK(flow::code_of({ECONNREFUSED, std::system_category()}) == flow::Code::refused);
  CHECK(flow::code_of({EHOSTUNREACH, std::system_category()}) == flow::Code::unreachable);
  CHECK(flow::code_of({EPIPE, std::system_category()}) == flow::Code::reset);
  CHECK(flow::code_of({ETIMEDOUT, std::system_category()}) == flow::Code::lost);
  CHECK(flow::code_of({EMFILE, std::system_category()}) == flow::Code::limit);
  CHECK(std::string(flow::name(flow::Stage::handshake)) == "handshake");
}

TEST_CASE("an event escapes what came from the network") {
  const flow::Event event{
      .sequence = 3, .at = {}, .kind = "untrusted_origin", .fields = {{"name", "a\"\n\x1b[31m\xff\xfe\xc2\x9b"}}};
  CHECK(json::parse(flow::to_json(event)).at("name") == "a\"??[31m????");
}
