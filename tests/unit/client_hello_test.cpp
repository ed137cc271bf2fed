// ClientHello: what is read of it, and what is refused with which alert.
#include "tests/unit/hello_readings.hpp"

using namespace weir::test;
using namespace weir::tls;
using Status = ClientHelloReader::Status;

namespace {

template <typename Code>
std::vector<unsigned> numbers(const std::vector<Code>& codes) {
  std::vector<unsigned> values(codes.size());
  std::ranges::transform(codes, values.begin(), [](Code code) { return static_cast<unsigned>(code); });
  return values;
}

ClientHello hello_of(const Bytes& stream) {
  const auto reading = read_every_way(stream);
  REQUIRE(reading.status == Status::done);
  CHECK_FALSE(reading.refusal.has_value());
  CHECK(reading.hello.stream_bytes == stream.size());
  return reading.hello;
}

ClientHello hello_with(const std::vector<Bytes>& extensions) { return hello_of(stream_of(extensions)); }

using Numbers = std::vector<unsigned>;

}  // namespace

TEST_CASE("a hello before TLS 1.2 ends with its compression methods", "[client_hello]") {
  MadeHello made;
  made.version = {3, 1};
  made.session_id = vec(1, {text("0123456789abcdef")});
  made.compression = vec(1, {{1, 0}});
  const auto hello = hello_of(records(made.message()));
  CHECK(hello.legacy_version == Version::tls1_0);
  CHECK(std::ranges::count(hello.random, 0x77) == 32);
  CHECK(hello.session_id == text("0123456789abcdef"));
  CHECK(numbers(hello.cipher_suites) == Numbers{0x1301, 0xc02f});
  CHECK(hello.extensions.empty());
  CHECK_FALSE(hello.server_name.has_value());
  CHECK_FALSE(hello.supported_versions.has_value());
  CHECK(hello.alpn.empty());
  CHECK(hello.highest_version() == Version::tls1_0);
}

TEST_CASE("an empty list of extensions is none", "[client_hello]") {
  CHECK(hello_with({}).extensions.empty());  // RFC 5246, 7.4.1.2: <0..2^16-1>
}

TEST_CASE("the extensions' contents, in the client's order", "[client_hello]") {
  const auto hello = hello_with({
      server_name({"www.example.test"}),
      alpn({"h2", "http/1.1"}),
      versions({0x0304, 0x0303}),
      extension(10, vec(2, {u16s({0x11ec, 29, 23})})),
      extension(13, vec(2, {u16s({0x0403, 0x0804})})),
      extension(51, vec(2, {share(0x11ec, 1216), share(29, 32)})),
      extension(28, number(2, 64)),
      extension(35),
      extension(49),
      extension(0x1234, text("unknown")),
      extension(42),
      extension(41, text("only the server can read this")),
  });
  CHECK(hello.server_name == "www.example.test");
  CHECK(hello.alpn.names() == std::vector<std::string_view>{"h2", "http/1.1"});
  CHECK(hello.alpn.wire() == "\x02h2\x08http/1.1");
  CHECK(numbers(hello.supported_versions.value()) == Numbers{0x0304, 0x0303});
  CHECK(hello.highest_version() == Version::tls1_3);
  CHECK(numbers(hello.supported_groups) == Numbers{0x11ec, 29, 23});
  CHECK(numbers(hello.key_share_groups) == Numbers{0x11ec, 29});
  CHECK(numbers(hello.signature_algorithms) == Numbers{0x0403, 0x0804});
  CHECK(hello.record_size_limit == 64);
  CHECK(numbers(hello.extensions) == Numbers{0, 16, 43, 10, 13, 51, 28, 35, 49, 0x1234, 42, 41});
  CHECK(hello.has(ExtensionType::session_ticket));
  CHECK(hello.has(ExtensionType::post_handshake_auth));
  CHECK(hello.has(ExtensionType::early_data));
  CHECK(hello.has(ExtensionType::pre_shared_key));
  CHECK_FALSE(hello.has(ExtensionType::encrypted_client_hello));
  CHECK_FALSE(hello.encrypted_client_hello);
}

TEST_CASE("GREASE is left out everywhere but in ALPN", "[client_hello]") {
  MadeHello made;
  made.cipher_suites = vec(2, {u16s({0x0a0a, 0x1301, 0xfafa, 0x0a1a, 0x1a0a})});  // the last two are no GREASE
  made.with({extension(0xbaba), extension(43, vec(1, {u16s({0x7a7a, 0x0303})})),
             extension(10, vec(2, {u16s({0x2a2a, 29})})), extension(51, vec(2, {share(0x2a2a, 1), share(29, 32)})),
             extension(13, vec(2, {u16s({0x0403, 0xcaca})})), alpn({"\x0a\x0a", "h2"}), extension(0xdada, {0})});
  const auto hello = hello_of(records(made.message()));
  CHECK(numbers(hello.cipher_suites) == Numbers{0x1301, 0x0a1a, 0x1a0a});
  CHECK(numbers(hello.extensions) == Numbers{43, 10, 51, 13, 16});
  CHECK(numbers(hello.supported_versions.value()) == Numbers{0x0303});
  CHECK(numbers(hello.supported_groups) == Numbers{29});
  CHECK(numbers(hello.key_share_groups) == Numbers{29});
  CHECK(numbers(hello.signature_algorithms) == Numbers{0x0403});
  CHECK(hello.alpn.names() == std::vector<std::string_view>{"\x0a\x0a", "h2"});
}

TEST_CASE("the server name is what was sent, byte for byte", "[client_hello]") {
  const std::string long_name(4000, 'x');
  const std::vector<std::string_view> names{"a",          "192.0.2.1",          "WWW.Example.TEST.",
                                            "a b\x1b[0m", "xn--bcher-kva.test", std::string_view("a\0b", 3),
                                            long_name};
  for (const auto name : names) {
    INFO(name.size());
    CHECK(hello_with({server_name({name})}).server_name == name);
  }
}

TEST_CASE("names of other types are passed over", "[client_hello]") {
  const auto other = join({{7}, vec(2, {text("other")})});
  const auto host = join({{0}, vec(2, {text("a.test")})});
  CHECK(hello_with({extension(0, vec(2, {other, host}))}).server_name == "a.test");
  CHECK(hello_with({extension(0, vec(2, {host, other}))}).server_name == "a.test");
  CHECK_FALSE(hello_with({extension(0, vec(2, {other}))}).server_name.has_value());
}

TEST_CASE("the highest version a hello offers", "[client_hello]") {
  struct Row {
    unsigned legacy;
    std::optional<std::vector<unsigned>> supported;
    std::optional<Version> highest;
  };
  const std::vector<Row> rows{
      {0x0300, {}, Version::ssl3_0},
      {0x0302, {}, Version::tls1_1},
      {0x0303, {}, Version::tls1_2},
      {0x0304, {}, Version::tls1_2},  // RFC 8446, 4.2.1: 1.3 only by the extension
      {0x0400, {}, Version::tls1_2},
      {0x0303, {{0x0302, 0x0304, 0x0303}}, Version::tls1_3},
      {0x0303, {{0x0303, 0x0301}}, Version::tls1_2},
      {0x0303, {{0x0305, 0x7f1c, 0x0303, 0xfeff}}, Version::tls1_2},  // unknown ones and DTLS are passed over
      {0x0303, {{0x0a0a}}, std::nullopt},                             // it does not fall back to legacy_version
      {0x0303, {{0x7f1c, 0x02ff}}, std::nullopt},
  };
  for (const auto& row : rows) {
    MadeHello made;
    made.version = number(2, row.legacy);
    if (row.supported) {
      Bytes list;
      for (const auto version : *row.supported) list = join({list, number(2, version)});
      made.with({extension(43, vec(1, {list}))});
    }
    const auto hello = hello_of(records(made.message()));
    CHECK(hello.highest_version() == row.highest);
    CHECK(static_cast<unsigned>(hello.legacy_version) == row.legacy);
  }
}

TEST_CASE("a key_share without shares asks for a retry", "[client_hello]") {
  const auto hello = hello_with({extension(51, vec(2, {}))});
  CHECK(hello.has(ExtensionType::key_share));
  CHECK(hello.key_share_groups.empty());
}

TEST_CASE("an outer hello is told from an inner one", "[client_hello]") {
  const auto outer = join({{0}, u16s({1, 1}), {42}, vec(2, {Bytes(32)}), vec(2, {Bytes(144)})});
  CHECK(hello_with({extension(0xfe0d, outer)}).encrypted_client_hello);
  const auto inner = hello_with({extension(0xfe0d, {1})});
  CHECK_FALSE(inner.encrypted_client_hello);
  CHECK(inner.has(ExtensionType::encrypted_client_hello));
}

TEST_CASE("ALPN names are found whole", "[client_hello]") {
  const auto list = hello_with({alpn({"http/1.1", "h2c", std::string(255, 'x')})}).alpn;
  CHECK(list.contains("http/1.1"));
  CHECK(list.contains("h2c"));
  CHECK(list.contains(std::string(255, 'x')));
  CHECK_FALSE(list.contains("h2"));
  CHECK_FALSE(list.contains("http/1.1\x03h2c"));
  CHECK_FALSE(list.contains(""));
  CHECK_FALSE(ProtocolNameList().contains(""));
}

TEST_CASE("a hello's fields out of their range", "[client_hello]") {
  struct Row {
    const char* what;
    void (*spoil)(MadeHello&);
    Alert alert;
    const char* reason;
  };
  const auto decode = Alert::decode_error;
  const auto illegal = Alert::illegal_parameter;
  const std::vector<Row> rows{
      {"nothing", [](auto& made) { made = {{}, {}, {}, {}, {}, {}}; }, decode, "hello is cut short"},
      {"cut in random",
       [](auto& made) {
         made = {{3, 3}, Bytes(31), {}, {}, {}, {}};
       },
       decode, "hello is cut short"},
      {"no compression methods", [](auto& made) { made.compression = {}; }, decode, "hello is cut short"},
      {"an empty list of them", [](auto& made) { made.compression = {0}; }, decode, "hello is cut short"},
      {"a list of them longer than the hello",
       [](auto& made) {
         made.compression = {2, 0};
       },
       decode, "hello is cut short"},
      {"SSL 2.0 in TLS's form",
       [](auto& made) {
         made.version = {0, 2};
       },
       Alert::protocol_version, "before SSL 3.0"},
      {"a session id of 33 bytes", [](auto& made) { made.session_id = vec(1, {Bytes(33)}); }, decode, "session_id"},
      {"no cipher suite", [](auto& made) { made.cipher_suites = vec(2, {}); }, decode, "cipher_suites"},
      {"half a cipher suite",
       [](auto& made) {
         made.cipher_suites = vec(2, {{0x13, 0x01, 0x13}});
       },
       decode, "cipher_suites"},
      {"no null compression", [](auto& made) { made.compression = vec(1, {{1}}); }, illegal, "null compression"},
      {"compression with TLS 1.3",
       [](auto& made) {
         made.compression = vec(1, {{0, 1}});
         made.with({versions({0x0304})});
       },
       illegal, "TLS 1.3 with a compression"},
      {"one byte behind", [](auto& made) { made.extensions = {0}; }, decode, "do not end where"},
      {"a byte behind the extensions",
       [](auto& made) {
         made.extensions = {0, 0, 0};
       },
       decode, "do not end where"},
      {"extensions longer than the hello", [](auto& made) { made.extensions = {0, 5, 0, 1, 0, 0}; }, decode,
       "do not end where"},
      {"half an extension's header",
       [](auto& made) {
         made.with({{0, 1, 0}});
       },
       decode, "extension is cut short"},
      {"an extension longer than the list",
       [](auto& made) {
         made.with({{0, 1, 0, 1}});
       },
       decode, "extension is cut short"},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    MadeHello made;
    row.spoil(made);
    const auto reading = read_every_way(records(made.message()));
    CHECK(reading.status == Status::invalid);
    REQUIRE(reading.refusal.has_value());
    CHECK(reading.refusal->alert == row.alert);
    CHECK_THAT(reading.refusal->reason, ContainsSubstring(row.reason));
    CHECK((reading.hello == ClientHello{}));
  }
}

TEST_CASE("compression beside TLS 1.2 is let be", "[client_hello]") {
  MadeHello made;
  made.compression = vec(1, {{1, 0}});
  made.with({versions({0x0303})});
  hello_of(records(made.message()));
}

TEST_CASE("extensions out of their range", "[client_hello]") {
  struct Row {
    const char* what;
    std::vector<Bytes> extensions;
    Alert alert;
    const char* reason;
  };
  const auto decode = Alert::decode_error;
  const auto illegal = Alert::illegal_parameter;
  const auto host = join({{0}, vec(2, {text("a")})});
  const std::vector<Row> rows{
      {"server_name without data", {extension(0)}, decode, "server_name: the list"},
      {"no server name", {extension(0, vec(2, {}))}, decode, "server_name: the list"},
      {"a byte behind the server names", {extension(0, join({vec(2, {host}), {0}}))}, decode, "server_name: the list"},
      {"server names cut short", {extension(0, {0, 9, 0, 0, 1, 'a'})}, decode, "server_name: the list"},
      {"an empty server name", {server_name({""})}, decode, "server_name: a name"},
      {"a server name longer than its list", {extension(0, vec(2, {{0, 0, 2, 'a'}}))}, decode, "server_name: a name"},
      {"a type of name alone", {extension(0, vec(2, {host, {1}}))}, decode, "server_name: a name"},
      {"two host names", {server_name({"a.test", "b.test"})}, illegal, "server_name: two names"},
      {"the same name twice", {server_name({"a.test", "a.test"})}, illegal, "server_name: two names"},
      {"ALPN without data", {extension(16)}, decode, "ALPN: the list"},
      {"no ALPN name", {alpn({})}, decode, "ALPN: the list"},
      {"a byte behind the ALPN names", {extension(16, {0, 2, 1, 'a', 0})}, decode, "ALPN: the list"},
      {"an empty ALPN name", {alpn({"h2", ""})}, decode, "ALPN: a name"},
      {"an ALPN name longer than its list", {extension(16, vec(2, {{3, 'h', '2'}}))}, decode, "ALPN: a name"},
      {"no version", {versions({})}, decode, "supported_versions"},
      {"half a version", {extension(43, vec(1, {{3, 4, 3}}))}, decode, "supported_versions"},
      {"a byte behind the versions", {extension(43, {2, 3, 4, 0})}, decode, "supported_versions"},
      {"versions cut short", {extension(43, {4, 3, 4})}, decode, "supported_versions"},
      {"no group", {extension(10, vec(2, {}))}, decode, "supported_groups"},
      {"half a group", {extension(10, vec(2, {{0}}))}, decode, "supported_groups"},
      {"a byte behind the groups", {extension(10, {0, 2, 0, 29, 0})}, decode, "supported_groups"},
      {"no signature algorithm", {extension(13, vec(2, {}))}, decode, "signature_algorithms"},
      {"half a signature algorithm", {extension(13, vec(2, {{4, 3, 4}}))}, decode, "signature_algorithms"},
      {"a byte behind them", {extension(13, {0, 2, 4, 3, 0})}, decode, "signature_algorithms"},
      {"key_share without data", {extension(51)}, decode, "key_share: cut short"},
      {"a byte behind the shares", {extension(51, join({vec(2, {share(29, 32)}), {0}}))}, decode, "key_share: cut"},
      {"an empty share", {extension(51, vec(2, {share(29, 0)}))}, decode, "key_share: a share"},
      {"a share longer than its list", {extension(51, vec(2, {{0, 29, 0, 2, 1}}))}, decode, "key_share: a share"},
      {"half a group of a share", {extension(51, vec(2, {{0}}))}, decode, "key_share: a share"},
      {"record_size_limit of one byte", {extension(28, {64})}, decode, "record_size_limit: not"},
      {"record_size_limit of three bytes", {extension(28, {0, 64, 0})}, decode, "record_size_limit: not"},
      {"record_size_limit of 63", {extension(28, {0, 63})}, illegal, "record_size_limit: under"},
      {"early_data with data", {extension(42, {0})}, decode, "early_data or"},
      {"post_handshake_auth with data", {extension(49, {0})}, decode, "early_data or"},
      {"encrypted_client_hello without a type", {extension(0xfe0d)}, decode, "encrypted_client_hello"},
      {"an extension twice", {alpn({"h2"}), versions({0x0304}), alpn({"h2"})}, illegal, "came twice"},
      {"an unknown one twice", {extension(0xffff), extension(0xffff)}, illegal, "came twice"},
      {"GREASE twice", {extension(0x0a0a), extension(0x0a0a)}, illegal, "came twice"},
      {"pre_shared_key before another", {extension(41), extension(35)}, illegal, "pre_shared_key is not the last"},
      {"pre_shared_key before GREASE", {extension(41), extension(0x0a0a)}, illegal, "pre_shared_key is not the last"},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    const auto reading = read_every_way(stream_of(row.extensions));
    CHECK(reading.status == Status::invalid);
    REQUIRE(reading.refusal.has_value());
    CHECK(reading.refusal->alert == row.alert);
    CHECK_THAT(reading.refusal->reason, ContainsSubstring(row.reason));
    CHECK((reading.hello == ClientHello{}));
  }
}

TEST_CASE("thousands of extensions and names take no longer than their bytes", "[client_hello]") {
  std::vector<Bytes> extensions;
  for (unsigned type = 0x1000; extensions.size() < 16000; ++type) extensions.push_back(extension(type));
  const auto stream = records(MadeHello{}.with(extensions).message());
  const auto many = read_in_pieces(stream, stream.size(), stream.size());
  CHECK(many.status == Status::done);
  CHECK(many.hello.extensions.size() > 14000);  // the rest was GREASE
  CHECK((read_in_pieces(stream, 1, 1) == many));

  const std::vector<std::string_view> names(30000, "x");
  const auto named = stream_of({alpn(names)});
  const auto list = read_in_pieces(named, 1, 1).hello.alpn;
  CHECK(list.wire().size() == 60000);
  CHECK(list.names().size() == names.size());
}
