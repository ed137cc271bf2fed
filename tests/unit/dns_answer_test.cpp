// parse_dns_answer: real answers of dnsmasq (the fuzzer's seeds), a table made by hand, cut at every length, random
// bytes.
#include "proxy/names/dns_answer.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>

#include "proxy/names/cares.hpp"
#include "proxy/names/udp_datagram.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/dns_message.hpp"

using namespace weir;
using namespace weir::test;
using names::parse_dns_answer;
using names::parse_dns_message;

namespace {

const std::filesystem::path kCorpus = WEIR_SOURCE_DIR "/tests/fuzz/corpus/dns_answer";

Packet read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A copy of exactly its size on the heap: a sanitizer sees one byte read too far.
template <typename Parse>
auto parse_exactly(Parse parse, const Packet& bytes, std::size_t size) {
  const auto copy = std::make_unique<std::uint8_t[]>(size);
  std::copy_n(bytes.begin(), size, copy.get());
  return parse({copy.get(), size});
}
auto answer_in(const Packet& packet) { return parse_exactly(parse_dns_answer, packet, packet.size()); }
auto message_in(const Packet& bytes) { return parse_exactly(parse_dns_message, bytes, bytes.size()); }

// "192.0.2.1/300 192.0.2.2/60"
std::string text(const std::vector<names::Answer>& answers) {
  std::string all;
  for (const auto& answer : answers)
    all += (all.empty() ? "" : " ") + answer.address.text() + "/" + std::to_string(answer.ttl.count());
  return all;
}
std::string text(const std::optional<names::NameAnswer>& answer) {
  return answer ? answer->name + ": " + text(answer->addresses) : "nothing";
}

// The second opinion: what c-ares itself makes of an honest answer.
std::string text_by_cares(const Packet& packet) {
  const auto payload = names::parse_udp_datagram(packet)->payload;
  const auto size = static_cast<int>(payload.size());
  std::array<ares_addrttl, 100> ipv4{};
  std::array<ares_addr6ttl, 100> ipv6{};
  int ipv4_count = 100;
  int ipv6_count = 100;
  std::vector<names::Answer> answers;
  if (ares_parse_a_reply(payload.data(), size, nullptr, ipv4.data(), &ipv4_count) != ARES_SUCCESS) ipv4_count = 0;
  if (ares_parse_aaaa_reply(payload.data(), size, nullptr, ipv6.data(), &ipv6_count) != ARES_SUCCESS) ipv6_count = 0;
  for (int i = 0; i < ipv4_count; ++i) {
    const auto& found = ipv4.at(static_cast<std::size_t>(i));
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&found.ipaddr);
    answers.push_back({policy::Address::v4(bytes[0], bytes[1], bytes[2], bytes[3]), std::chrono::seconds(found.ttl)});
  }
  for (int i = 0; i < ipv6_count; ++i) {
    const auto& found = ipv6.at(static_cast<std::size_t>(i));
    policy::Address::Bytes bytes{};
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&found.ip6addr), bytes.size(), bytes.begin());
    answers.push_back({policy::Address(bytes), std::chrono::seconds(found.ttl)});
  }
  return text(answers);
}

}  // namespace

TEST_CASE("dnsmasq's answers tell the name's addresses, as c-ares's own parser does", "[dns_answer]") {
  struct Row {
    const char* file;
    const char* answer;
    bool is_v4;
  };
  const std::vector<Row> rows{
      {"a_ipv4", "host.example.test: 192.0.2.1/300", true},
      {"a_two_ipv4", "two.example.test: 192.0.2.2/60 192.0.2.3/60", true},
      {"aaaa_ipv6", "host.example.test: 2001:db8::1/300", false},
      {"cname_a_ipv4", "www.example.test: 192.0.2.1/120", true},
      {"cname_cname_a_ipv6", "deep.example.test: 192.0.2.1/120", false},
      {"cname_aaaa_ipv4_edns", "deep.example.test: 2001:db8::1/120", true},
      {"no_data_ipv4", "only4.example.test: ", true},
      {"upper_case_ipv4", "host.example.test: 192.0.2.1/300", true},
  };
  for (const auto& row : rows) {
    INFO(row.file);
    const auto packet = read(kCorpus / row.file);
    const auto answer = answer_in(packet);
    REQUIRE(answer.has_value());
    CHECK(text(*answer) == row.answer);
    CHECK(text(answer->addresses) == text_by_cares(packet));
    CHECK(answer->server.text() == (row.is_v4 ? "10.53.0.1:53" : "[fd53::1]:53"));
    CHECK(answer->client.text() == (row.is_v4 ? "10.53.0.1" : "fd53::1"));
  }
}

TEST_CASE("a truncated answer of dnsmasq is used for what it has", "[dns_answer]") {
  for (const auto& [file, count] : {std::pair{"truncated_ipv4", 29U}, std::pair{"many_a_ipv4_edns", 74U}}) {
    INFO(file);
    const auto packet = read(kCorpus / file);
    const auto answer = answer_in(packet);
    REQUIRE(answer.has_value());
    CHECK(answer->name == "many.example.test");
    CHECK(answer->addresses.size() == count);
    CHECK(text(answer->addresses) == text_by_cares(packet));
  }
}

TEST_CASE("dnsmasq's errors and answers of other types tell nothing", "[dns_answer]") {
  for (const auto* file : {"no_such_name_ipv4", "refused_ipv6", "https_ipv4", "txt_ipv6"}) {
    INFO(file);
    const auto packet = read(kCorpus / file);
    REQUIRE(names::parse_udp_datagram(packet).has_value());
    CHECK_FALSE(answer_in(packet).has_value());
  }
}

TEST_CASE("an address is the name's where a chain of aliases leads to it", "[dns_answer]") {
  struct Row {
    const char* what;
    std::uint16_t type;
    std::vector<Packet> answers;
    const char* addresses;
  };
  const auto* const www = "www.x.test";
  const std::vector<Row> rows{
      {"its own", kA, {a(www, 60, 1), a(www, 30, 2)}, "192.0.2.1/60 192.0.2.2/30"},
      {"of both families, A asked for", kA, {aaaa(www, 60, 1), a(www, 60, 1)}, "192.0.2.1/60"},
      {"of both families, AAAA asked for", kAaaa, {aaaa(www, 60, 1), a(www, 60, 1)}, "2001:db8::1/60"},
      {"the alias's TTL is smaller", kA, {cname(www, 10, "y.test"), a("y.test", 60, 1)}, "192.0.2.1/10"},
      {"the address's TTL is smaller", kA, {cname(www, 60, "y.test"), a("y.test", 10, 1)}, "192.0.2.1/10"},
      {"two aliases", kA, {cname(www, 60, "y.test"), cname("y.test", 5, "z.test"), a("z.test", 10, 1)}, "192.0.2.1/5"},
      {"the first alias's TTL is the smallest",
       kA,
       {cname(www, 5, "y.test"), cname("y.test", 60, "z.test"), a("z.test", 70, 1)},
       "192.0.2.1/5"},
      {"the wrong way round",
       kA,
       {a("z.test", 10, 1), cname("y.test", 5, "z.test"), cname(www, 60, "y.test")},
       "192.0.2.1/5"},
      {"in other letters", kA, {cname("WWW.x.TEST", 60, "Y.test"), a("y.TEST", 10, 1)}, "192.0.2.1/10"},
      {"another name's address", kA, {a("y.test", 60, 1)}, ""},
      {"another name's address besides", kA, {a("y.test", 60, 1), a(www, 60, 2)}, "192.0.2.2/60"},
      {"another name's alias in between",
       kA,
       {cname(www, 60, "y.test"), cname("o.test", 1, "p.test"), a("y.test", 60, 1)},
       "192.0.2.1/60"},
      {"an address of the end of another chain",
       kA,
       {a(www, 60, 1), cname("o.test", 1, "p.test"), a("p.test", 60, 2)},
       "192.0.2.1/60"},
      {"an alias that leads nowhere", kA, {cname(www, 60, "y.test")}, ""},
      {"an alias to itself", kA, {cname(www, 60, www)}, ""},
      {"a ring of aliases", kA, {cname(www, 60, "y.test"), cname("y.test", 60, www)}, ""},
      {"nothing", kA, {}, ""},
      {"HTTPS beside it", kA, {record(wire(www), kHttps, 1, {0, 1, 0}), a(www, 60, 1)}, "192.0.2.1/60"},
      {"of another class", kA, {record(wire(www), kA, 60, {192, 0, 2, 1}, 3)}, ""},
      {"the longest TTL", kA, {a(www, 0x7fffffff, 1)}, "192.0.2.1/2147483647"},
      {"a TTL with its highest bit", kA, {a(www, 0x80000001, 1)}, "192.0.2.1/0"},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    const auto answer = message_in(message(question(www, row.type), row.answers));
    REQUIRE(answer.has_value());
    CHECK(answer->name == www);
    CHECK(text(answer->addresses) == row.addresses);
  }
}

TEST_CASE("a chain of aliases is followed so far and no further", "[dns_answer]") {
  const auto chain = [](int aliases) {
    std::vector<Packet> answers;
    for (int i = 0; i < aliases; ++i)
      answers.push_back(cname("n" + std::to_string(i) + ".test", 60, "n" + std::to_string(i + 1) + ".test"));
    answers.push_back(a("n" + std::to_string(aliases) + ".test", 60, 1));
    return message_in(message(question("n0.test", kA), answers));
  };
  CHECK(text(chain(16)) == "n0.test: 192.0.2.1/60");
  CHECK(text(chain(17)) == "n0.test: ");
}

TEST_CASE("names are expanded, and refused where they are not plain", "[dns_answer]") {
  const Packet at_question{0xc0, 12};
  const auto alias = [](const Packet& target) {
    return message(question("a.test", kA), {record(wire("a.test"), kCname, 60, target)});
  };
  struct Row {
    const char* what;
    Packet bytes;
    const char* answer;
  };
  const std::vector<Row> rows{
      {"compressed", message(question("a.test", kA), {record(at_question, kA, 60, {192, 0, 2, 1})}),
       "a.test: 192.0.2.1/60"},
      {"underscore", message(question("_dns.a-b.test", kA), {}), "_dns.a-b.test: "},
      {"the root", message(question(Packet{0}, kA), {}), "nothing"},
      {"a dot in a label", message(question(Packet{3, 'a', '.', 'b', 4, 't', 'e', 's', 't', 0}, kA), {}), "nothing"},
      {"a backslash", message(question("a\\b.test", kA), {}), "nothing"},
      {"a space", message(question("a b.test", kA), {}), "nothing"},
      {"an escape sequence", message(question("\x1b[2J.test", kA), {}), "nothing"},
      {"beyond ASCII", message(question("\xc3\xa4.test", kA), {}), "nothing"},
      // c-ares 1.18 writes such a label as it is, and C strings end there.
      {"a label of NUL", message(question(Packet{4, 'b', 'a', 'n', 'k', 1, 0, 4, 'e', 'v', 'i', 'l', 0}, kA), {}),
       "nothing"},
      {"an owner that is not plain", message(question("a.test", kA), {a("a;.test", 60, 1), a("a.test", 60, 1)}),
       "nothing"},
      {"a target that is not plain", alias(wire("b(.test")), "nothing"},
      {"a pointer to itself", message(question(Packet{0xc0, 12}, kA), {}), "nothing"},
      {"a pointer beyond the end", message(question(Packet{0xff, 0xff}, kA), {}), "nothing"},
      {"a reserved kind of label", message(question(Packet{0x41, 'a', 0}, kA), {}), "nothing"},
      {"254 characters",
       message(question(std::string(62, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." +
                            std::string(63, 'd'),
                        kA),
               {}),
       "nothing"},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    CHECK(text(message_in(row.bytes)) == row.answer);
  }
}

TEST_CASE("what is no answer to one question for an address", "[dns_answer]") {
  const auto asked = question("a.test", kA);
  const std::vector<Packet> told{a("a.test", 60, 1)};
  const auto target_and_more = join({wire("b.test"), {0}});
  const std::vector<std::pair<const char*, Packet>> rows{
      {"nothing", {}},
      {"a query", message(asked, told, 0x0100)},
      {"another opcode", message(asked, told, 0x8980)},
      {"SERVFAIL", message(asked, told, 0x8182)},
      {"NXDOMAIN", message(asked, told, 0x8183)},
      {"no question", message(asked, {}, kAnswerFlags, 0)},
      {"two questions", message(join({asked, asked}), {}, kAnswerFlags, 2)},
      {"another class", message(question(wire("a.test"), kA, 3), told)},
      {"any type", message(question("a.test", 255), told)},
      {"HTTPS", message(question("a.test", kHttps), {record(wire("a.test"), kHttps, 60, {0, 1, 0})})},
      {"A of five bytes", message(asked, {record(wire("a.test"), kA, 60, {192, 0, 2, 1, 0})})},
      {"AAAA of four bytes", message(question("a.test", kAaaa), {record(wire("a.test"), kAaaa, 60, {1, 2, 3, 4})})},
      {"an alias longer than its name", message(asked, {record(wire("a.test"), kCname, 60, target_and_more)})},
      {"an alias without a name", message(asked, {record(wire("a.test"), kCname, 60, {})})},
  };
  for (const auto& [what, bytes] : rows) {
    INFO(what);
    CHECK_FALSE(message_in(bytes).has_value());
  }
  auto too_many = message(asked, told);
  too_many[7] = 2;
  CHECK_FALSE(message_in(too_many).has_value());
}

TEST_CASE("packets a DNS answer comes in, and others", "[dns_answer]") {
  const auto told = message(question("a.test", kA), {a("a.test", 60, 1)});
  const auto padded = join({v4(udp(told)), Packet(12)});
  auto empty_udp = v4(udp(told));
  empty_udp[25] = 7;
  auto short_header = v4(udp(told));
  short_header[0] = 0x44;
  auto version = v4(udp(told));
  version[0] = 0x55;
  auto short_total = v4(udp(told));
  short_total[3] = 27;
  const std::vector<std::pair<const char*, Packet>> answers{
      {"IPv4", v4(udp(told))},
      {"IPv4 options", v4(udp(told), Packet(40, 1))},
      {"do not fragment", v4(udp(told), {}, 17, 0x4000)},
      {"padding behind it", padded},
      {"IPv6", v6(udp(told))},
      {"extension headers", v6(join({extension(43), extension(60, 2), extension(17), udp(told)}), 0)},
  };
  for (const auto& [what, packet] : answers) {
    INFO(what);
    const auto answer = answer_in(packet);
    REQUIRE(answer.has_value());
    CHECK(text(*answer) == "a.test: 192.0.2.1/60");
    const bool is_v4 = packet[0] >> 4 == 4;
    CHECK(answer->server.text() == (is_v4 ? "198.51.100.53:53" : "[2001:db8::53]:53"));
    CHECK(answer->client.text() == (is_v4 ? "192.0.2.77" : "2001:db8::77"));
  }
  const std::vector<std::pair<const char*, Packet>> others{
      {"TCP", v4(udp(told), {}, 6)},
      {"the first of its fragments", v4(udp(told), {}, 17, 0x2000)},
      {"a later fragment", v4(udp(told), {}, 17, 1)},
      {"TCP over IPv6", v6(udp(told), 6)},
      {"an IPv6 fragment", v6(join({extension(17), udp(told)}), 44)},
      {"nine extension headers",
       v6(join({Packet(extension(60)), join(std::vector<Packet>(7, extension(60))), extension(17), udp(told)}), 60)},
      {"a UDP length below its header", empty_udp},
      {"an IPv4 header shorter than its least", short_header},
      {"an IPv4 length within the UDP header", short_total},
      {"version 5", version},
  };
  for (const auto& [what, packet] : others) {
    INFO(what);
    CHECK_FALSE(names::parse_udp_datagram(packet).has_value());
    CHECK_FALSE(answer_in(packet).has_value());
  }
  CHECK_FALSE(answer_in(v4(udp(told, 5353))).has_value());
}

TEST_CASE("cut short anywhere, an answer is right or nothing", "[dns_answer]") {
  std::vector<Packet> packets;
  for (const auto& file : std::filesystem::directory_iterator(kCorpus)) packets.push_back(read(file.path()));
  REQUIRE(packets.size() >= 14);
  packets.push_back(v4(udp(message(question("a.test", kA), {cname("a.test", 9, "b.test"), a("b.test", 60, 1)}))));
  packets.push_back(v6(join({extension(17), udp(message(question("a.test", kAaaa), {aaaa("a.test", 60, 1)}))}), 60));
  for (const auto& packet : packets) {
    const auto whole = answer_in(packet);
    std::size_t right = 0;
    for (std::size_t size = 0; size < packet.size(); ++size) {
      INFO(size << " of " << packet.size());
      const auto cut = parse_exactly(parse_dns_answer, packet, size);
      if (cut) ++right;
      if (cut) CHECK(cut == whole);
    }
    CHECK(right <= 11);  // only an EDNS record may be missing (RFC 6891, 6.1.2)
  }
}

TEST_CASE("hostile DNS messages are read within their bounds", "[dns_answer]") {
  std::mt19937 random(53);
  std::vector<Packet> seeds;
  for (const auto& file : std::filesystem::directory_iterator(kCorpus)) seeds.push_back(read(file.path()));
  std::size_t parsed = 0;
  for (int round = 0; round < 30000; ++round) {
    auto packet = seeds[random() % seeds.size()];
    for (auto changes = random() % 6; changes != 0; --changes)
      packet[random() % packet.size()] = static_cast<std::uint8_t>(random());
    if (answer_in(packet)) ++parsed;
    Packet noise(random() % 128);
    std::ranges::generate(noise, [&] { return static_cast<std::uint8_t>(random()); });
    if (message_in(noise)) ++parsed;
  }
  CHECK(parsed > 0);  // the seeds are not always broken
}
