// The resolver against a real dnsmasq, and a server of our own where dnsmasq is too well-behaved.
#include "proxy/names/resolver.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>

#include "proxy/kernel/nftables.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/dns_message.hpp"
#include "tests/unit/dnsmasq.hpp"
#include "tests/unit/own_network.hpp"

using namespace weir;
using namespace std::chrono_literals;
using boost::asio::ip::udp;
using names::Resolution;
using names::Resolver;
using names::ResolverOptions;
using test::Dnsmasq;
using Status = Resolution::Status;

namespace {

const auto kServer = *policy::Endpoint::parse("127.0.0.1:53");
const std::vector<std::string> kRecords{
    "--local=/example.test/",
    "--host-record=host.example.test,192.0.2.1,2001:db8::1,300",
    "--host-record=only4.example.test,192.0.2.4,60",
    "--host-record=only6.example.test,2001:db8::6,60",
    "--cname=www.example.test,host.example.test,120",
    "--cname=deep.example.test,www.example.test,600",
    "--txt-record=text.example.test,no address",
};

// A network of its own with loopback alone, and the io_context its resolver runs on.
struct Lab {
  test::OwnNetwork network;
  bool up = test::OwnNetwork::set_up("lo");
  boost::asio::io_context context;

  Resolver open(const ResolverOptions& options) {
    auto resolver = Resolver::open(context, options);
    REQUIRE(resolver.has_value());
    return std::move(*resolver);
  }
  Resolver open() { return open({.servers = {kServer}}); }

  // The patience is for a test that fails; nothing waits for it.
  Resolution resolve(Resolver& resolver, const std::string& name) {
    std::optional<Resolution> answer;
    resolver.resolve(name, [&](Resolution resolution) { answer = std::move(resolution); });
    REQUIRE_FALSE(answer.has_value());
    context.restart();
    while (!answer && context.run_one_for(30s) != 0) {
    }
    REQUIRE(answer.has_value());
    return *answer;
  }
};

// In order, since servers turn them: "192.0.2.1/300 2001:db8::1/300"
std::string text(Resolution resolution) {
  std::ranges::sort(resolution.addresses, {}, &names::Answer::address);
  std::string all;
  for (const auto& answer : resolution.addresses)
    all += (all.empty() ? "" : " ") + answer.address.text() + "/" + std::to_string(answer.ttl.count());
  return all;
}

// Answers each question as it is told, on port 53 of 127.0.0.2; on the test's own io_context.
class OwnServer {
 public:
  using Records = std::vector<test::Packet>;
  using Reply = std::function<std::optional<Records>(std::uint16_t type)>;  // nothing: silence

  OwnServer(boost::asio::io_context& context, Reply reply)
      : socket_(context, udp::endpoint(boost::asio::ip::make_address("127.0.0.2"), 53)), reply_(std::move(reply)) {
    receive();
  }

 private:
  void receive() {
    socket_.async_receive_from(boost::asio::buffer(query_), from_,
                               [this](const boost::system::error_code& error, std::size_t size) {
                                 if (error) return;
                                 answer(test::Packet(query_.begin(), query_.begin() + static_cast<long>(size)));
                                 receive();
                               });
  }
  void answer(const test::Packet& query) {
    const auto name_end = std::find(query.begin() + 12, query.end(), 0) + 1;
    const auto records = reply_(static_cast<std::uint16_t>((name_end[0] << 8) | name_end[1]));
    if (!records) return;
    auto answer = test::message(test::Packet(query.begin() + 12, name_end + 4), *records);
    std::copy_n(query.begin(), 2, answer.begin());
    socket_.send_to(boost::asio::buffer(answer), from_);
  }

  udp::socket socket_;
  udp::endpoint from_;
  std::array<std::uint8_t, 512> query_{};
  Reply reply_;
};
const OwnServer::Reply kSilence = [](std::uint16_t) { return std::nullopt; };
const auto kOwnServer = *policy::Endpoint::parse("127.0.0.2:53");

}  // namespace

TEST_CASE("A and AAAA are both asked for, aliases followed, with the smallest TTL", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  Dnsmasq dnsmasq(kRecords);
  REQUIRE(dnsmasq.trouble() == "");
  auto resolver = lab.open();
  struct Row {
    const char* name;
    const char* addresses;
    int ttl;
  };
  const std::vector<Row> rows{
      {"host.example.test", "192.0.2.1/300 2001:db8::1/300", 300},
      {"HOST.Example.Test", "192.0.2.1/300 2001:db8::1/300", 300},
      {"only4.example.test", "192.0.2.4/60", 60},
      {"only6.example.test", "2001:db8::6/60", 60},
      {"www.example.test", "192.0.2.1/120 2001:db8::1/120", 120},
      {"deep.example.test", "192.0.2.1/120 2001:db8::1/120", 120},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto answer = lab.resolve(resolver, row.name);
    CHECK(answer.status == Status::ok);
    CHECK(text(answer) == row.addresses);
    CHECK(answer.ttl == std::chrono::seconds(row.ttl));
    CHECK(answer.complete);
    CHECK(answer.error.empty());
  }
}

TEST_CASE("what has no address says why", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  Dnsmasq dnsmasq(kRecords);
  REQUIRE(dnsmasq.trouble() == "");
  auto resolver = lab.open();
  for (const auto& [name, status, complete] : {std::tuple{"none.example.test", Status::no_such_name, true},
                                               {"text.example.test", Status::no_data, true},
                                               {"www.elsewhere.test", Status::refused, false},
                                               {"*.example.test", Status::failed, false},
                                               {"", Status::failed, false}}) {
    INFO(name);
    const auto answer = lab.resolve(resolver, name);
    CHECK(answer.status == status);
    CHECK(answer.addresses.empty());
    CHECK(answer.complete == complete);
    CHECK_FALSE(answer.error.empty());
  }
}

TEST_CASE("an answer too long for UDP is had over TCP", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  auto records = kRecords;
  for (int i = 1; i <= 200; ++i) records.push_back("--address=/many.example.test/198.51.100." + std::to_string(i));
  Dnsmasq dnsmasq(records);
  REQUIRE(dnsmasq.trouble() == "");
  auto resolver = lab.open();
  CHECK(lab.resolve(resolver, "many.example.test").addresses.size() == 200);
  CHECK(lab.resolve(resolver, "host.example.test").addresses.size() == 2);
}

TEST_CASE("a server that is silent is a time-out, one that is not there refuses", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  const OwnServer silent(lab.context, kSilence);
  auto patient = lab.open({.servers = {kOwnServer}, .timeout = 20ms, .tries = 2});
  const auto late = lab.resolve(patient, "host.example.test");
  CHECK(late.status == Status::time_out);
  CHECK_FALSE(late.complete);
  CHECK_THAT(late.error, ContainsSubstring("Timeout"));
  auto alone = lab.open({.servers = {kServer}, .timeout = 20ms, .tries = 2});
  CHECK(lab.resolve(alone, "host.example.test").status == Status::refused);
}

TEST_CASE("the second server answers where the first does not", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  Dnsmasq dnsmasq(kRecords);
  REQUIRE(dnsmasq.trouble() == "");
  auto resolver =
      lab.open({.servers = {*policy::Endpoint::parse("127.0.0.1:5353"), *policy::Endpoint::parse("[::1]:53")},
                .timeout = 500ms});
  CHECK(text(lab.resolve(resolver, "www.example.test")) == "192.0.2.1/120 2001:db8::1/120");
}

TEST_CASE("a server that went and came back is asked again, and its new word counts", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  auto resolver = lab.open({.servers = {kServer}, .timeout = 500ms});
  for (const auto* address : {"192.0.2.8", "192.0.2.9"}) {
    {
      Dnsmasq dnsmasq({"--host-record=host.example.test," + std::string(address) + ",600"});
      REQUIRE(dnsmasq.trouble() == "");
      CHECK(text(lab.resolve(resolver, "host.example.test")) == std::string(address) + "/600");
    }
    CHECK(lab.resolve(resolver, "host.example.test").status == Status::refused);
  }
}

TEST_CASE("one family's answer counts where the other never comes", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  for (const auto answered : {test::kA, test::kAaaa}) {
    const OwnServer server(lab.context, [answered](std::uint16_t type) -> std::optional<OwnServer::Records> {
      if (type != answered) return std::nullopt;
      return OwnServer::Records(1, type == test::kA ? test::a("h.test", 60, 1) : test::aaaa("h.test", 60, 1));
    });
    auto resolver = lab.open({.servers = {kOwnServer}, .timeout = 20ms, .tries = 1});
    const auto answer = lab.resolve(resolver, "h.test");
    CHECK(answer.status == Status::ok);
    CHECK(text(answer) == (answered == test::kA ? "192.0.2.1/60" : "2001:db8::1/60"));
    CHECK_FALSE(answer.complete);
    CHECK_THAT(answer.error, Catch::Matchers::StartsWith(answered == test::kA ? "AAAA: " : "A: "));
  }
}

TEST_CASE("an answer without the name's own addresses is none", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  const OwnServer server(lab.context, [](std::uint16_t) {
    return OwnServer::Records{test::cname("h.test", 60, "y.test"), test::a("o.test", 60, 1)};
  });
  auto resolver = lab.open({.servers = {kOwnServer}});
  const auto answer = lab.resolve(resolver, "h.test");
  CHECK(answer.status == Status::no_data);
  CHECK(answer.addresses.empty());
}

TEST_CASE("hundreds of names at once each get their answer", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  auto records = kRecords;
  for (int i = 0; i < 200; ++i)
    records.push_back("--host-record=n" + std::to_string(i) + ".example.test,198.51.100." + std::to_string(i));
  Dnsmasq dnsmasq(records);
  REQUIRE(dnsmasq.trouble() == "");
  auto resolver = lab.open();
  std::vector<std::string> answers(200);
  std::size_t done = 0;
  for (std::size_t i = 0; i < answers.size(); ++i)
    resolver.resolve("n" + std::to_string(i) + ".example.test", [&, i](const Resolution& resolution) {
      if (!resolution.addresses.empty()) answers[i] = resolution.addresses.front().address.text();
      ++done;
    });
  lab.context.run_for(30s);  // ends when nothing is left to wait for
  CHECK(done == answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) CHECK(answers[i] == "198.51.100." + std::to_string(i));
}

TEST_CASE("a resolver that is gone calls nothing back", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  Dnsmasq dnsmasq(kRecords);
  REQUIRE(dnsmasq.trouble() == "");
  const OwnServer silent(lab.context, kSilence);
  int called = 0;
  const auto count = [&called](const Resolution&) { ++called; };
  {
    auto resolver = lab.open({.servers = {kOwnServer}});
    resolver.resolve("waiting.test", count);
    resolver.resolve("not a name", count);  // its callback is on its way already
  }
  lab.context.poll();
  CHECK(called == 0);
  // By its own callback, with another that waits and one that has its answer.
  auto resolver = std::make_unique<Resolver>(lab.open());
  const auto end = [&](const Resolution&) {
    ++called;
    resolver.reset();
  };
  resolver->resolve("host.example.test", end);
  resolver->resolve("host.example.test", end);
  lab.context.restart();
  while (resolver && lab.context.run_one_for(30s) != 0) {
  }
  lab.context.poll();
  CHECK(called == 1);
}

TEST_CASE("a callback may ask the next question", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  Dnsmasq dnsmasq(kRecords);
  REQUIRE(dnsmasq.trouble() == "");
  auto resolver = lab.open();
  int left = 3;
  std::function<void(Resolution)> next = [&](const Resolution& resolution) {
    CHECK(resolution.status == Status::ok);
    if (--left != 0) resolver.resolve("www.example.test", next);
  };
  resolver.resolve("host.example.test", next);
  lab.context.run_for(30s);
  CHECK(left == 0);
}

TEST_CASE("questions carry the mark they are told to, over UDP and TCP", "[resolver][root]") {
  WEIR_NEEDS_ROOT();
  Lab lab;
  auto records = kRecords;
  for (int i = 1; i <= 200; ++i) records.push_back("--address=/many.example.test/198.51.100." + std::to_string(i));
  Dnsmasq dnsmasq(records);
  REQUIRE(dnsmasq.trouble() == "");
  REQUIRE(kernel::Nftables::open()
              ->run("table inet t { chain c { type filter hook output priority 0; "
                    "meta l4proto { tcp, udp } th dport 53 meta mark != 0x57000000 reject; }; }\n")
              .has_value());
  auto marked = lab.open({.servers = {kServer}, .mark = 0x57000000});
  CHECK(lab.resolve(marked, "many.example.test").addresses.size() == 200);
  auto unmarked = lab.open();
  CHECK(lab.resolve(unmarked, "many.example.test").status == Status::refused);
}

TEST_CASE("without servers of its own a resolver opens with the system's", "[resolver]") {
  boost::asio::io_context context;
  CHECK(Resolver::open(context, {}).has_value());
}
