// ClientHelloReader: records, cuttings, limits, and what is no TLS at all.
#include <random>

#include "tests/unit/hello_readings.hpp"

using namespace weir::test;
using namespace weir::tls;
using Status = ClientHelloReader::Status;

namespace {

Bytes message() { return MadeHello{}.with({server_name({"www.example.test"}), versions({0x0304})}).message(); }

// After how many bytes it ends.
std::size_t bytes_until_the_end(const Bytes& stream) {
  ClientHelloReader reader;
  std::size_t count = 0;
  while (reader.status() == Status::need_more && count < stream.size())
    feed_exactly(reader, std::span(stream).subspan(count++, 1));
  return count;
}

void check_refused(const Reading& reading, Status status, Alert alert, const char* reason) {
  CHECK(reading.status == status);
  REQUIRE(reading.refusal.has_value());
  CHECK(reading.refusal->alert == alert);
  CHECK_THAT(reading.refusal->reason, ContainsSubstring(reason));
  CHECK((reading.hello == ClientHello{}));
}

}  // namespace

TEST_CASE("a hello over records of any size", "[client_hello]") {
  auto whole = read_every_way(records(message())).hello;
  for (std::size_t size = 1; size <= message().size(); ++size) {
    INFO(size);
    const auto stream = records(message(), size);
    const auto reading = size < 16 ? read_in_pieces(stream, 1, 1) : read_every_way(stream);
    CHECK(reading.status == Status::done);
    CHECK(reading.hello.stream_bytes == stream.size());
    whole.stream_bytes = stream.size();
    CHECK((reading.hello == whole));
  }
}

TEST_CASE("a hello of more than a record", "[client_hello]") {
  const auto big =
      MadeHello{}.with({extension(51, vec(2, {share(0x0202, 1568), share(0x6399, 18000), share(29, 32)}))}).message();
  REQUIRE(big.size() > 16384);
  const auto reading = read_in_pieces(records(big), 1, 1);  // the corpus has one that is split at each offset
  CHECK((read_in_pieces(records(big), 1 << 14, 1 << 14) == reading));
  CHECK(reading.status == Status::done);
  CHECK(reading.hello.key_share_groups.size() == 3);
  CHECK(reading.hello.stream_bytes == big.size() + 2 * 5);
}

TEST_CASE("the record's minor version means nothing", "[client_hello]") {
  for (const auto minor : Bytes{0, 1, 3, 4, 0xff}) {
    auto stream = records(message());
    stream[2] = minor;
    CHECK(read_every_way(stream).status == Status::done);
  }
}

TEST_CASE("what follows a hello is left alone", "[client_hello]") {
  const auto hello = records(message(), 100);
  const auto reading = read_every_way(join({hello, {20, 3, 3, 0, 1, 1}, Bytes(100, 0x99)}));
  CHECK(reading.status == Status::done);
  CHECK(reading.hello.stream_bytes == hello.size());
}

TEST_CASE("without the last byte a hello is not done", "[client_hello]") {
  for (const auto size : {20U, 16384U}) {
    const auto stream = records(message(), size);
    for (std::size_t length = 0; length < stream.size(); ++length) {
      const Bytes part(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(length));
      CHECK(read_in_pieces(part, length, length).status == Status::need_more);
    }
    CHECK(bytes_until_the_end(stream) == stream.size());
  }
}

TEST_CASE("an answer stays", "[client_hello]") {
  ClientHelloReader reader;
  CHECK(reader.feed({}) == Status::need_more);
  const auto stream = records(message());
  CHECK(reader.feed(stream) == Status::done);
  CHECK(reader.feed(text("GET / HTTP/1.1")) == Status::done);
  CHECK(reader.hello().server_name == "www.example.test");
  const auto taken = std::move(reader).hello();
  CHECK(taken.stream_bytes == stream.size());

  ClientHelloReader other;
  CHECK(other.feed(text("G")) == Status::not_tls);
  CHECK(other.feed(stream) == Status::not_tls);
}

TEST_CASE("what is not TLS is known by its first wrong byte", "[client_hello]") {
  struct Row {
    const char* what;
    Bytes stream;
    std::size_t bytes;
  };
  const std::vector<Row> rows{
      {"HTTP/1", text("GET / HTTP/1.1\r\n\r\n"), 1},
      {"HTTP/2", text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 1},
      {"SSH", text("SSH-2.0-OpenSSH_9.2\r\n"), 1},
      {"an alert", {21, 3, 3, 0, 2, 1, 0}, 1},
      {"application data", {23, 3, 3, 0, 2, 1, 0}, 1},
      {"DTLS", {22, 0xfe, 0xff, 0, 0}, 2},
      {"SSL 2.0's high bit, too short", {0x80, 20, 1, 3, 1}, 2},
      {"SSL 2.0's high bit, another message", {0x80, 46, 2, 3, 1}, 3},
      {"SSL 2.0's high bit, no version", {0x80, 46, 1, 4, 0}, 4},
      {"SSL 2.0's high bit, version 0.3", {0x80, 46, 1, 0, 3}, 5},
      {"SSL 2.0's lengths do not add up", {0x80, 46, 1, 0, 2, 0, 6, 0, 0, 0, 16}, 11},
      {"SSL 2.0's cipher specs are no threes", {0x80, 32, 1, 0, 2, 0, 7, 0, 0, 0, 16}, 11},
      {"SSL 2.0 without cipher specs", {0x80, 41, 1, 0, 2, 0, 0, 0, 0, 0, 32}, 11},
      {"SSL 2.0's challenge is too short", {0x80, 30, 1, 0, 2, 0, 6, 0, 0, 0, 15}, 11},
      {"SSL 2.0's challenge is too long", {0x80, 48, 1, 0, 2, 0, 6, 0, 0, 0, 33}, 11},
      {"SSL 2.0's session id is of 8 bytes", {0x80, 39, 1, 0, 2, 0, 6, 0, 8, 0, 16}, 11},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    const auto reading = read_every_way(row.stream);
    CHECK(reading.status == Status::not_tls);
    CHECK_FALSE(reading.refusal.has_value());
    CHECK(bytes_until_the_end(row.stream) == row.bytes);
  }
}

TEST_CASE("SSL 2.0's hello, for itself or for what came later", "[client_hello]") {
  const std::vector<Bytes> rows{
      {0x80, 31, 1, 0, 2, 0, 6, 0, 0, 0, 16, 1, 0, 0x80},    // SSL 2.0
      {0x80, 47, 1, 0, 2, 0, 6, 0, 16, 0, 16, 1, 0, 0x80},   // with a session
      {0x80, 47, 1, 3, 1, 0, 6, 0, 0, 0, 32, 0, 0, 0x39},    // TLS 1.0
      {0x81, 30, 1, 3, 3, 0x01, 0x05, 0, 0, 0, 16, 0, 0, 0}  // TLS 1.2, over 255 bytes
  };
  for (const auto& row : rows) {
    check_refused(read_every_way(row), Status::sslv2, Alert::protocol_version, "SSL 2.0");
    CHECK(bytes_until_the_end(row) == 11);
  }
}

TEST_CASE("records and messages that do not belong there", "[client_hello]") {
  struct Row {
    const char* what;
    Bytes stream;
    Alert alert;
    const char* reason;
    std::size_t bytes;
  };
  const auto start = record({1, 0, 1});  // of a message's header
  const auto unexpected = Alert::unexpected_message;
  const auto whole = message();
  const std::vector<Row> rows{
      {"an empty record first", {22, 3, 1, 0, 0}, unexpected, "empty handshake record", 5},
      {"an empty record later", join({start, record({})}), unexpected, "empty handshake record", 13},
      {"a record of 16385 bytes", {22, 3, 1, 0x40, 1}, Alert::record_overflow, "more than 16384", 5},
      {"another later", join({start, {22, 3, 3, 0xff, 0xff}}), Alert::record_overflow, "more than 16384", 13},
      {"a ServerHello", record({2, 0, 0, 4, 3, 3, 0, 0}), unexpected, "another handshake message", 6},
      {"a HelloRequest", record({0, 0, 0, 0}), unexpected, "another handshake message", 6},
      {"an alert within", join({start, {21, 3, 3, 0, 2, 1, 0}}), unexpected, "another record", 9},
      {"application data within", join({start, {23, 3, 3, 0, 1, 0}}), unexpected, "another record", 9},
      {"another major version within", join({start, {22, 2, 0}}), Alert::protocol_version, "another protocol", 10},
      {"a byte behind the hello", record(join({whole, {0}})), unexpected, "more in the record", 9},
      {"a second hello", record(join({whole, whole})), unexpected, "more in the record", 9},
      {"more in the last of two records", join({record({1}), record({0, 0, 1, 9, 9})}), unexpected,
       "more in the record", 14},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    check_refused(read_every_way(row.stream), Status::invalid, row.alert, row.reason);
    CHECK(bytes_until_the_end(row.stream) == row.bytes);
  }
}

TEST_CASE("a record may be of 16384 bytes", "[client_hello]") {
  const auto size = 16384 - MadeHello{}.message().size() - 2 - 4;
  const auto stream = stream_of({extension(0x1234, Bytes(size))});
  REQUIRE(stream.size() == 5 + 16384);
  CHECK(read_in_pieces(stream, 1, 1).status == Status::done);
  CHECK(read_in_pieces(stream, stream.size(), 1).status == Status::done);
}

TEST_CASE("the limits", "[client_hello]") {
  const auto body = message().size() - 4;
  const auto count = (message().size() + 9) / 10;
  const auto in_tens = records(message(), 10);
  CHECK(read_every_way(in_tens, {.message_bytes = body, .records = count}).status == Status::done);
  check_refused(read_every_way(in_tens, {.message_bytes = body - 1}), Status::too_large, Alert::illegal_parameter,
                "too long");
  check_refused(read_every_way(in_tens, {.records = count - 1}), Status::too_large, Alert::illegal_parameter,
                "too many records");

  // By default: 64 KiB, refused before they come, and 1024 records.
  check_refused(read_every_way(record({1, 1, 0, 1})), Status::too_large, Alert::illegal_parameter, "too long");
  CHECK(read_every_way(record({1, 1, 0, 0})).status == Status::need_more);
  const auto padded = [](std::size_t size) {
    return MadeHello{}
        .with({extension(21, Bytes(size - MadeHello{}.with({extension(21)}).message().size()))})
        .message();
  };
  CHECK(read_in_pieces(records(padded(1024), 1), 1, 1).status == Status::done);
  CHECK(read_in_pieces(records(padded(1025), 1), 1, 1).status == Status::too_large);
}

TEST_CASE("the corpus in every cutting", "[client_hello]") {
  const auto corpus = hello_corpus();
  CHECK(corpus.size() > 30);
  for (const auto& sample : corpus) {
    INFO(sample.name);
    const auto reading = read_every_way(sample.stream);
    if (sample.name.starts_with("made_") || sample.name.starts_with("crash")) continue;  // not a client's
    CHECK(reading.status == Status::done);
    CHECK(reading.hello.stream_bytes == sample.stream.size());
  }
}

TEST_CASE("what real clients say", "[client_hello]") {
  const auto corpus = hello_corpus();
  const auto hello = [&](std::string_view client, std::string_view special = "") {
    const auto sample = std::ranges::find_if(
        corpus, [&](const Sample& each) { return each.name.starts_with(client) && each.name.ends_with(special); });
    REQUIRE(sample != corpus.end());
    return read_in_pieces(sample->stream, sample->stream.size(), 1).hello;
  };
  for (const auto* browser : {"chromium", "firefox"}) {
    const auto said = hello(browser);
    CHECK(said.server_name == "www.example.test");
    CHECK(said.alpn.names() == std::vector<std::string_view>{"h2", "http/1.1"});
    CHECK(std::ranges::count(said.key_share_groups, NamedGroup{0x11ec}) == 1);  // X25519MLKEM768
    CHECK(said.encrypted_client_hello);                                         // ECH GREASE (RFC 9849, 6.2)
  }
  CHECK_FALSE(hello("openssl", "no_sni").server_name.has_value());
  CHECK_FALSE(hello("openssl", "no_ticket").has(ExtensionType::session_ticket));
  CHECK(hello("openssl", "alpn").has(ExtensionType::session_ticket));
  CHECK(hello("openssl", "early_data").has(ExtensionType::early_data));
  CHECK(hello("openssl", "early_data").has(ExtensionType::pre_shared_key));
  CHECK(hello("openssl", "_tls1").highest_version() == Version::tls1_0);
  CHECK(hello("curl", "tls1_2").highest_version() == Version::tls1_2);
  CHECK(hello("gnutls-cli").record_size_limit == 16385);
}

TEST_CASE("hostile bytes are read within their bounds, in any cutting alike", "[client_hello]") {
  std::mt19937 random(8446);
  const auto corpus = hello_corpus();
  std::array<std::size_t, 6> seen{};
  for (int round = 0; round < 20000; ++round) {
    auto stream = corpus[random() % corpus.size()].stream;
    for (auto changes = random() % 4; changes != 0; --changes)
      stream[random() % std::min<std::size_t>(stream.size(), 600)] = static_cast<std::uint8_t>(random() % 5 * 51);
    stream.resize(1 + random() % stream.size() * 2);
    const auto whole = read_in_pieces(stream, stream.size(), 1);
    CHECK((read_in_pieces(stream, random() % stream.size(), 1 + random() % 300) == whole));
    ++seen.at(static_cast<std::size_t>(whole.status));
  }
  CHECK(std::ranges::count(seen, 0U) == 0);  // each answer came up
}
