#include "policy/address.hpp"

#include <vector>

#include "tests/unit/catch.hpp"

using weir::policy::Address;
using weir::policy::Endpoint;

TEST_CASE("an address prints as it is best known", "[address]") {
  struct Row {
    std::string_view text, printed;
    bool v4;
  };
  const auto row = GENERATE(
      values<Row>({{"192.0.2.1", "192.0.2.1", true},
                   {"0.0.0.0", "0.0.0.0", true},
                   {"255.255.255.255", "255.255.255.255", true},
                   {"::ffff:192.0.2.1", "192.0.2.1", true},
                   {"::ffff:c000:201", "192.0.2.1", true},
                   {"2001:db8::1", "2001:db8::1", false},
                   {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", false},
                   {"::", "::", false},
                   {"::1", "::1", false},
                   {"::192.0.2.1", "::192.0.2.1", false},
                   {"2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:1111:2222:3333:4444:5555:6666", false}}));
  CAPTURE(row.text);
  const auto address = Address::parse(row.text);
  REQUIRE(address);
  CHECK(address->text() == row.printed);
  CHECK(address->is_v4() == row.v4);
  CHECK(Address::parse(address->text()) == address);
}

TEST_CASE("what is no address is refused", "[address]") {
  const auto* text = GENERATE("", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "01.2.3.4",
                              "0x1.2.3.4", "1.2.3.4/32", "1.2.3.4:80", "[::1]", "::1%lo", ":", ":::", "1::2::3",
                              "2001:db8::g", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::ffff:1.2.3", "localhost");
  CAPTURE(text);
  CHECK_FALSE(Address::parse(text));
}

TEST_CASE("an address that is none at all, too long, or has a NUL in it, is refused", "[address]") {
  CHECK_FALSE(Address::parse(std::string_view()));
  CHECK_FALSE(Address::parse(std::string(1 << 20, '1')));
  CHECK_FALSE(Address::parse(std::string(46, '0')));
  CHECK_FALSE(Address::parse(std::string_view("1.2.3.4\0", 8)));
  CHECK_FALSE(Address::parse(std::string_view("::1\0.example", 12)));
}

TEST_CASE("what an address is for", "[address]") {
  struct Row {
    std::string_view text;
    bool unspecified, loopback, multicast;
  };
  const auto row = GENERATE(values<Row>({{"0.0.0.0", true, false, false},
                                         {"::", true, false, false},
                                         {"0.0.0.1", false, false, false},
                                         {"127.0.0.1", false, true, false},
                                         {"127.255.255.255", false, true, false},
                                         {"126.255.255.255", false, false, false},
                                         {"128.0.0.0", false, false, false},
                                         {"::1", false, true, false},
                                         {"::2", false, false, false},
                                         {"::ffff:127.0.0.1", false, true, false},
                                         {"223.255.255.255", false, false, false},
                                         {"224.0.0.0", false, false, true},
                                         {"239.255.255.255", false, false, true},
                                         {"240.0.0.0", false, false, false},
                                         {"ff02::1", false, false, true},
                                         {"fe80::1", false, false, false}}));
  CAPTURE(row.text);
  const auto address = Address::parse(row.text).value();
  CHECK(address.is_unspecified() == row.unspecified);
  CHECK(address.is_loopback() == row.loopback);
  CHECK(address.is_multicast() == row.multicast);
}

TEST_CASE("IPv4 bytes are the last four", "[address]") {
  const auto address = Address::parse("192.0.2.1").value();
  const auto bytes = address.v4_bytes();
  CHECK(std::vector<int>(bytes.begin(), bytes.end()) == std::vector<int>{192, 0, 2, 1});
  CHECK(Address::v4(192, 0, 2, 1) == Address::parse("192.0.2.1"));
}

TEST_CASE("an endpoint prints as it is written", "[address]") {
  const auto* text = GENERATE("192.0.2.1:443", "0.0.0.0:1", "[2001:db8::1]:65535", "[::]:80");
  const auto endpoint = Endpoint::parse(text);
  REQUIRE(endpoint);
  CHECK(endpoint->text() == text);
}

TEST_CASE("an IPv4-mapped endpoint is the IPv4 one", "[address]") {
  CHECK(Endpoint::parse("[::ffff:192.0.2.1]:80") == Endpoint::parse("192.0.2.1:80"));
}

TEST_CASE("what is no endpoint is refused", "[address]") {
  const auto* text =
      GENERATE("", ":", ":80", "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:-1",
               "192.0.2.1:+1", "192.0.2.1: 80", "192.0.2.1:80 ", "192.0.2.1:80a", "192.0.2.1:http", "2001:db8::1:80",
               "::1", "[::1]", "[::1]:", "[::1]80", "[::1:80", "::1]:80", "[]:80", "[192.0.2.1]:80", "localhost:80");
  CAPTURE(text);
  CHECK_FALSE(Endpoint::parse(text));
}
