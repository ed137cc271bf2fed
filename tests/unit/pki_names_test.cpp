#include "pki/names.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/made_certificate.hpp"

using namespace weir::pki;
using namespace weir::tests;
using namespace std::string_literals;

namespace {

using Strings = std::vector<std::string>;

Names names_in(const std::string& general_names) {
  return names_of(*MadeCertificate{.general_names = general_names}.sign(p256().get()));
}

}  // namespace

TEST_CASE("what may stand in a certificate as a DNS name", "[pki]") {
  const auto name = GENERATE(
      "example.com"s, "a"s, "*.example.com"s, "*.com"s, "_dmarc.example.com"s, "a_b.example"s, "xn--bcher-kva.example"s,
      "1.example"s, "4.3.2.1.in-addr.arpa"s, "WWW.EXAMPLE.COM"s, "r3---sn-a.example"s, "0xg"s,
      std::string(63, 'a') + ".example",
      std::string(61, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(63, 'd'));
  CAPTURE(name);
  CHECK(is_dns_name(name));
}

TEST_CASE("what may not", "[pki]") {
  const auto name = GENERATE(
      ""s, "."s, ".example.com"s, "example.com."s, "a..b"s, ".."s, "*"s, "*."s, "**.example.com"s, "*.*.example.com"s,
      "w*.example.com"s, "www.*.com"s, "example.com\0.evil.example"s, "\0"s, "a b"s, " a"s, "a\n"s, "a\tb"s,
      "b\xc3\xbc"s
      "cher.example"s,
      "\x7f"s, "a\x80"s, "192.0.2.1"s, "1"s, "a.1"s, "127.0x1"s, "0x"s, "*.1"s, "2001:db8::1"s, "[2001:db8::1]"s, "::"s,
      "-a.example"s, "a-.example"s, "-"s, "a/b"s, "a@b.example"s, "DNS:a"s, "a,DNS:b"s,
      std::string(64, 'a') + ".example", std::string(300, 'a'),
      std::string(62, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(63, 'd'));
  CAPTURE(name);
  CHECK_FALSE(is_dns_name(name));
}

TEST_CASE("the names of a certificate, in lower case, in order, each once", "[pki]") {
  const auto names = names_in(dns("b.Example") + dns("*.A.example") + address("\xc0\0\2\1"s) + dns("B.example") +
                              address(std::string(16, '\1')) + address("\xc0\0\2\1"s));
  CHECK(names.dns == Strings{"b.example", "*.a.example"});
  CHECK(names.addresses == Strings{"\xc0\0\2\1"s, std::string(16, '\1')});
  CHECK(names.left_out == 0);
}

TEST_CASE("names that are none are left out and counted", "[pki]") {
  const auto other_name = tlv(0xa0, "\x06\x01\x2a\xa0\x03\x0c\x01x"s);
  const auto directory_name = tlv(0xa4, tlv(0x30, tlv(0x31, tlv(0x30, "\x06\x03\x55\x04\x03\x0c\x01x"s))));
  const auto names =
      names_in(dns("good.example") + dns("good.example\0.evil.example"s) +
               dns("b\xc3\xbc"s
                   "cher.example") +
               dns("192.0.2.1") + dns("") + address("\1\2\3"s) + address("") + address(std::string(8, 'a')) +
               tlv(0x86, "https://uri.example/") + tlv(0x81, "mail@example.com") + other_name + directory_name);
  CHECK(names.dns == Strings{"good.example"});
  CHECK(names.addresses.empty());
  CHECK(names.left_out == 11);
}

TEST_CASE("a certificate without names, or with names that cannot be read", "[pki]") {
  const auto none = names_in("");
  CHECK(none.empty());
  CHECK(none.left_out == 0);
  const auto damaged = names_in(
      "\x82\x05"s
      "abc");
  CHECK(damaged.empty());
  CHECK(damaged.left_out == 1);
  const auto twice = names_of(
      *MadeCertificate{.general_names = dns("a.example"), .extensions = {{NID_subject_alt_name, "DNS:b.example"}}}.sign(
          p256().get()));
  CHECK(twice.empty());
  CHECK(twice.left_out == 1);
}

TEST_CASE("of very many names the first are taken, without looking at each for each", "[pki]") {
  std::string many;
  for (int i = 0; i < 3000; ++i) many += dns("n" + std::to_string(i) + ".example") + dns("n0.example");
  const auto names = names_in(many);
  REQUIRE(names.dns.size() == kMostNames);
  CHECK(names.dns.front() == "n0.example");
  CHECK(names.dns.back() == "n999.example");
  CHECK(names.left_out == 2000);
}

TEST_CASE("the name that a client asked for", "[pki]") {
  CHECK(name_for("WWW.Example.com")->dns == Strings{"www.example.com"});
  CHECK(name_for("example.com.")->dns == Strings{"example.com"});
  CHECK(name_for("192.0.2.1")->addresses == Strings{"\xc0\0\2\1"s});
  CHECK(name_for("192.0.2.1")->dns.empty());
  CHECK(name_for("::")->addresses == Strings{std::string(16, '\0')});
  const auto none = GENERATE(""s, "."s, "a.."s, "*.example.com"s, "192.0.2.1."s, "192.0.2"s, "192.0.2.1\0"s, "::1\0x"s,
                             "fe80::1%eth0"s, "a b"s, std::string(300, ':'), std::string(300, '1'));
  CAPTURE(none);
  CHECK_FALSE(name_for(none));
}
