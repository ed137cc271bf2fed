// parse_mptcp_syn: the whole table, cut at every length, and random bytes.
#include "proxy/kernel/mptcp_syn.hpp"

#include <algorithm>
#include <random>

#include "tests/unit/catch.hpp"

using namespace weir;
using kernel::MptcpSyn;
using kernel::parse_mptcp_syn;

namespace {

using Packet = std::vector<std::uint8_t>;
constexpr std::uint8_t kSyn = 0x02;

Packet join(const std::vector<Packet>& parts) {
  Packet all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

const Packet kCapable{30, 4, 0x01, 0x01};
const Packet kJoin{30, 12, 0x10, 0x02, 0x11, 0x22, 0x33, 0x44, 9, 9, 9, 9};
const Packet kMss{2, 4, 5, 0xb4};
const Packet kUsual{2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};

// From port 40000 to port 443, the options padded to whole words by end-of-list.
Packet tcp(Packet options, std::uint8_t flags = kSyn) {
  options.resize((options.size() + 3) / 4 * 4);
  const auto words = static_cast<std::uint8_t>((20 + options.size()) / 4);
  Packet header{0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 1, 0, 0, 0, 0, 0, flags, 0xff, 0xff, 0, 0, 0, 0};
  header[12] = static_cast<std::uint8_t>(words << 4);
  return join({header, options});
}

// 192.0.2.1 to 198.51.100.2.
Packet v4(const Packet& payload, const Packet& options = {}, std::uint8_t protocol = 6, std::uint16_t fragment = 0) {
  Packet header{0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2};
  header[0] = static_cast<std::uint8_t>(0x40 | ((20 + options.size()) / 4));
  header[6] = static_cast<std::uint8_t>(fragment >> 8);
  header[7] = static_cast<std::uint8_t>(fragment);
  return join({header, options, payload});
}

// 2001:db8::1 to 2001:db8::2.
Packet v6(const Packet& payload, std::uint8_t next_header = 6) {
  Packet header(40);
  header[0] = 0x60;
  header[6] = next_header;
  for (const std::size_t at : {8U, 24U}) {
    header[at] = 0x20, header[at + 1] = 0x01, header[at + 2] = 0x0d, header[at + 3] = 0xb8;
    header[at + 15] = at == 8 ? 1 : 2;
  }
  return join({header, payload});
}

// An extension header of RFC 8200, `words` times eight bytes beyond the first eight.
Packet extension(std::uint8_t next_header, std::uint8_t words = 0) {
  Packet header((std::size_t{words} + 1) * 8);
  header[0] = next_header;
  header[1] = words;
  return header;
}

// A copy of exactly its size on the heap: a sanitizer sees one byte read too far.
std::optional<MptcpSyn> parse_exactly(const Packet& packet, std::size_t size) {
  const auto copy = std::make_unique<std::uint8_t[]>(size);
  std::copy_n(packet.begin(), size, copy.get());
  return parse_mptcp_syn({copy.get(), size});
}

}  // namespace

TEST_CASE("SYNs with option 30", "[mptcp_syn]") {
  struct Row {
    const char* what;
    Packet packet;
    MptcpSyn::Subtype subtype;
    bool is_v4;
  };
  const auto capable = MptcpSyn::Subtype::capable;
  const auto joins = MptcpSyn::Subtype::join;
  const auto other = MptcpSyn::Subtype::other;
  const std::vector<Row> rows{
      {"capable", v4(tcp(kCapable)), capable, true},
      {"capable, of a version 0 client with its key", v4(tcp({30, 12, 0x00, 1, 1, 2, 3, 4, 5, 6, 7, 8})), capable,
       true},
      {"join", v4(tcp(kJoin)), joins, true},
      {"join, backup", v4(tcp({30, 12, 0x11, 2, 0x11, 0x22, 0x33, 0x44, 9, 9, 9, 9})), joins, true},
      {"after the usual options", v4(tcp(join({kUsual, kJoin}))), joins, true},
      {"after no-operations", v4(tcp(join({{1, 1}, kCapable, {1, 1}}))), capable, true},
      {"with ECN's flags", v4(tcp(kCapable, 0xc2)), capable, true},
      {"with urgent, push and data", v4(join({tcp(kCapable, 0x2a), {1, 2, 3}})), capable, true},
      {"IPv4 options", v4(tcp(kJoin), Packet(40, 1)), joins, true},
      {"the first of its fragments", v4(tcp(kCapable), {}, 6, 0x2000), capable, true},
      {"IPv6", v6(tcp(kJoin)), joins, false},
      {"hop by hop", v6(join({extension(6, 1), tcp(kJoin)}), 0), joins, false},
      {"three extension headers", v6(join({extension(43), extension(60, 2), extension(6), tcp(kJoin)}), 0), joins,
       false},
      {"a subtype that is no SYN's", v4(tcp({30, 4, 0x30, 0})), other, true},
      {"a join too short for a token", v4(tcp({30, 8, 0x10, 2, 0x11, 0x22, 0x33, 0x44})), other, true},
      {"no room for a subtype", v4(tcp({30, 2})), other, true},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    const auto syn = parse_exactly(row.packet, row.packet.size());
    REQUIRE(syn.has_value());
    CHECK(syn->subtype == row.subtype);
    CHECK(syn->client.text() == (row.is_v4 ? "192.0.2.1:40000" : "[2001:db8::1]:40000"));
    CHECK(syn->destination.text() == (row.is_v4 ? "198.51.100.2:443" : "[2001:db8::2]:443"));
    CHECK(syn->token == (row.subtype == joins ? 0x11223344U : 0U));
  }
}

TEST_CASE("what is no SYN with option 30", "[mptcp_syn]") {
  auto short_header = v4(tcp(kCapable));
  short_header[0] = 0x44;
  auto version = v4(tcp(kCapable));
  version[0] = 0x55;
  auto tcp_offset = tcp(kCapable);
  tcp_offset[12] = 0x40;
  auto tcp_beyond = tcp(kCapable);
  tcp_beyond[12] = 0xf0;
  const std::vector<std::pair<const char*, Packet>> rows{
      {"nothing", {}},
      {"no options", v4(tcp({}))},
      {"other options", v4(tcp(kUsual))},
      {"SYN-ACK", v4(tcp(kCapable, 0x12))},
      {"ACK", v4(tcp(kCapable, 0x10))},
      {"neither SYN nor ACK", v4(tcp(kCapable, 0x04))},
      {"UDP", v4(tcp(kCapable), {}, 17)},
      {"a later fragment", v4(tcp(kCapable), {}, 6, 1)},
      {"an IPv4 header shorter than its least", short_header},
      {"version 5", version},
      {"a TCP header shorter than its least", v4(tcp_offset)},
      {"a TCP header beyond the packet", v4(tcp_beyond)},
      {"option 30 behind the end of the list", v4(tcp(join({{0, 4, 0, 0}, kCapable})))},
      {"option 30 in the data", v4(join({tcp(kMss), kCapable}))},
      {"an option of length 0 before it", v4(tcp(join({{77, 0}, kCapable})))},
      {"an option of length 1 before it", v4(tcp(join({{77, 1}, kCapable})))},
      {"an option before it that runs past the header", v4(tcp(join({{77, 200}, kCapable})))},
      {"option 30 longer than what is left", v4(tcp({30, 5, 0, 1}))},
      {"option 30 without a length", v4(tcp({1, 1, 1, 30}))},
      {"an IPv6 fragment", v6(join({extension(6), tcp(kCapable)}), 44)},
      {"no next header", v6(tcp(kCapable), 59)},
      {"an extension header beyond the packet", v6(join({extension(6), tcp(kCapable)}), 43)},
  };
  for (const auto& [what, packet] : rows) {
    INFO(what);
    auto bytes = packet;
    if (std::string_view(what) == "an extension header beyond the packet") bytes[41] = 255;
    CHECK_FALSE(parse_exactly(bytes, bytes.size()).has_value());
  }
}

TEST_CASE("a chain of extension headers is followed so far and no further", "[mptcp_syn]") {
  const auto chain = [](std::size_t length) {
    std::vector<Packet> parts(length, extension(60));
    parts.back()[0] = 6;
    parts.push_back(tcp(kCapable));
    return v6(join(parts), 60);
  };
  CHECK(parse_mptcp_syn(chain(8)).has_value());
  CHECK_FALSE(parse_mptcp_syn(chain(9)).has_value());
}

TEST_CASE("cut short anywhere, a SYN is nothing", "[mptcp_syn]") {
  for (const auto& packet : {v4(tcp(join({kUsual, kJoin})), Packet(8, 1)), v4(tcp(kCapable)), v6(tcp(kJoin)),
                             v6(join({extension(60, 1), extension(6), tcp(join({kUsual, kCapable}))}), 0)}) {
    for (std::size_t size = 0; size < packet.size(); ++size) {
      INFO(size << " of " << packet.size());
      CHECK_FALSE(parse_exactly(packet, size).has_value());
    }
    CHECK(parse_exactly(packet, packet.size()).has_value());
  }
}

TEST_CASE("hostile bytes are read within their bounds", "[mptcp_syn]") {
  std::mt19937 random(1306);
  const std::vector<Packet> seeds{v4(tcp(join({kUsual, kJoin})), Packet(8, 1)), v6(tcp(kJoin)),
                                  v6(join({extension(60, 1), extension(6), tcp(kCapable)}), 0)};
  std::size_t parsed = 0;
  for (int round = 0; round < 100000; ++round) {
    auto packet = seeds[random() % seeds.size()];
    for (auto changes = random() % 6; changes != 0; --changes)
      packet[random() % packet.size()] = static_cast<std::uint8_t>(random());
    if (parse_exactly(packet, 1 + random() % packet.size())) ++parsed;
    Packet noise(random() % 128);
    std::ranges::generate(noise, [&] { return static_cast<std::uint8_t>(random()); });
    if (parse_exactly(noise, noise.size())) ++parsed;
  }
  CHECK(parsed > 0);  // the seeds are not always broken
}
