#include "proxy/tls/exceptions.hpp"
#include "tests/unit/catch.hpp"
#include "tests/unit/make_policy.hpp"

using namespace weir;
using namespace std::chrono_literals;
using tls::Exceptions;
using tls::Parties;
using tls::TlsCause;
using weir::tests::address;
using weir::tests::endpoint;

namespace {

const Exceptions::Time kNow{std::chrono::hours(1000)};  // NOLINT(cert-err58-cpp)
const Exceptions::Time kUntil = kNow + 24h;             // NOLINT(cert-err58-cpp)

Parties parties(const char* client = "10.1.0.2", const char* name = "www.example",
                const char* destination = "198.51.100.7:443") {
  return {.client = address(client), .destination = endpoint(destination), .name = name};
}

}  // namespace

TEST_CASE("exceptions: a client's causes hold for that client and name, at every destination", "[tls]") {
  const auto cause = GENERATE(TlsCause::rejected, TlsCause::closed, TlsCause::encrypted_client_hello);
  CHECK(tls::is_of_client(cause));
  Exceptions exceptions;
  CHECK_FALSE(exceptions.find(parties(), kNow));
  CHECK(exceptions.learn(cause, parties(), kNow, kUntil));
  CHECK(exceptions.find(parties(), kNow) == cause);
  CHECK(exceptions.find(parties("10.1.0.2", "www.example", "203.0.113.9:8443"), kNow) == cause);
  CHECK_FALSE(exceptions.find(parties("10.1.0.3"), kNow));
  CHECK_FALSE(exceptions.find(parties("10.1.0.2", "example"), kNow));
}

TEST_CASE("exceptions: an origin's causes hold for that destination and name, for every client", "[tls]") {
  const auto cause = GENERATE(TlsCause::client_certificate, TlsCause::protocol, TlsCause::not_tls);
  CHECK_FALSE(tls::is_of_client(cause));
  Exceptions exceptions;
  CHECK(exceptions.learn(cause, parties(), kNow, kUntil));
  CHECK(exceptions.find(parties("10.9.9.9"), kNow) == cause);
  CHECK_FALSE(exceptions.find(parties("10.1.0.2", "other.example"), kNow));
  CHECK_FALSE(exceptions.find(parties("10.1.0.2", "www.example", "198.51.100.7:8443"), kNow));
  CHECK_FALSE(exceptions.find(parties("10.1.0.2", "www.example", "198.51.100.8:443"), kNow));
}

TEST_CASE("exceptions: each ends in its time", "[tls]") {
  Exceptions exceptions;
  CHECK(exceptions.learn(TlsCause::rejected, parties(), kNow, kNow + 10s));
  CHECK(exceptions.find(parties(), kNow + 9s));
  CHECK_FALSE(exceptions.find(parties(), kNow + 10s));
  CHECK(exceptions.list(kNow + 9s).size() == 1);
  CHECK(exceptions.size(kNow + 9s) == 1);
  CHECK(exceptions.list(kNow + 10s).empty());
  CHECK(exceptions.size(kNow + 10s) == 0);  // NOLINT(readability-container-size-empty)
  CHECK(exceptions.remove("www.example", kNow + 10s) == 0);
}

TEST_CASE("exceptions: what is known already is not new, and lasts longer; what was over is new", "[tls]") {
  Exceptions exceptions;
  CHECK(exceptions.learn(TlsCause::rejected, parties(), kNow, kNow + 10s));
  CHECK_FALSE(exceptions.learn(TlsCause::rejected, parties(), kNow + 5s, kNow + 15s));
  CHECK(exceptions.find(parties(), kNow + 12s));
  CHECK(exceptions.learn(TlsCause::rejected, parties(), kNow + 20s, kNow + 30s));
}

TEST_CASE("exceptions: none is remembered for no time", "[tls]") {
  Exceptions exceptions;
  CHECK_FALSE(exceptions.learn(TlsCause::rejected, parties(), kNow, kNow));
  CHECK_FALSE(exceptions.find(parties(), kNow));
  CHECK(exceptions.list(kNow).empty());
}

TEST_CASE("exceptions: they are bounded, and those that end first go", "[tls]") {
  Exceptions exceptions(3);
  const auto learn = [&](const char* name, std::chrono::seconds lasts) {
    exceptions.learn(TlsCause::rejected, parties("10.1.0.2", name), kNow, kNow + lasts);
  };
  const auto names = [&](Exceptions::Time now) {
    std::string all;
    for (const auto& exception : exceptions.list(now)) all += exception.name + ' ';
    return all;
  };
  learn("c", 30s);
  learn("a", 10s);
  learn("b", 20s);
  CHECK(names(kNow) == "a b c ");  // those that end last come last
  learn("b", 25s);                 // is there already: nothing goes for it
  CHECK(names(kNow) == "a b c ");
  learn("d", 40s);
  CHECK(names(kNow) == "b c d ");
  exceptions.learn(TlsCause::rejected, parties("10.1.0.2", "e"), kNow + 28s, kNow + 50s);  // b is over
  CHECK(names(kNow + 28s) == "c d e ");
}

TEST_CASE("exceptions: they are listed with whom they are of", "[tls]") {
  Exceptions exceptions;
  exceptions.learn(TlsCause::rejected, parties(), kNow, kNow + 10s);
  exceptions.learn(TlsCause::protocol, parties(), kNow, kNow + 20s);
  const auto all = exceptions.list(kNow);
  REQUIRE(all.size() == 2);
  CHECK(all[0].cause == TlsCause::rejected);
  CHECK(all[0].client == address("10.1.0.2"));
  CHECK_FALSE(all[0].destination);
  CHECK(all[1].destination == endpoint("198.51.100.7:443"));
  CHECK_FALSE(all[1].client);
  CHECK(all[1].name == "www.example");
  CHECK(all[1].until == kNow + 20s);
  REQUIRE(exceptions.list(kNow, 1).size() == 1);
  CHECK(exceptions.list(kNow, 1).front().cause == TlsCause::rejected);
}

TEST_CASE("exceptions: they are removed by name, client or destination", "[tls]") {
  struct Row {
    const char* what;
    std::size_t removed;
  };
  const auto row = GENERATE(values<Row>({{"www.example", 2},
                                         {"10.1.0.2", 2},
                                         {"198.51.100.7:443", 1},
                                         {"198.51.100.7", 1},
                                         {"www.exampl", 0},
                                         {"10.1.0", 0},
                                         {"", 0}}));
  CAPTURE(row.what);
  Exceptions exceptions;
  exceptions.learn(TlsCause::rejected, parties(), kNow, kUntil);
  exceptions.learn(TlsCause::closed, parties("10.1.0.2", "other.example"), kNow, kUntil);
  exceptions.learn(TlsCause::client_certificate, parties("10.1.0.9", "www.example"), kNow, kUntil);
  CHECK(exceptions.remove(row.what, kNow) == row.removed);
  CHECK(exceptions.list(kNow).size() == 3 - row.removed);
  if (row.what == std::string("10.1.0.2")) {
    CHECK_FALSE(exceptions.find(parties("10.1.0.2", "other.example"), kNow));
    CHECK(exceptions.find(parties(), kNow) == TlsCause::client_certificate);
  }
}

// c: this client closes without a word; s: it gets through; n: it gets through to another name; o: another client gets
// through to this name; x: another client to another name; +: six minutes pass.
TEST_CASE("exceptions: silent closes count only where others go on", "[tls]") {
  struct Row {
    const char* happened;
    bool excepted;
  };
  const auto row =
      GENERATE(
          values<Row>({
              {"c", false},       {"cc", false},      {"ccc", false},    {"ccccc", false},
              {"cco", false},     {"ccoc", true},     {"coc", false},    {"cocc", true},
              {"cncc", true},     {"cxcc", false},    {"oncc", false},  // nobody was suspected then
              {"occc", false},                                          // nor here
              {"cccoc", true},                                          // three were not enough alone
              {"cosccc", false},  // its own success begins anew, and the others' count no more
              {"ccosccoc", true}, {"ccsco", false},   {"c+c+oc", false},  // the first was more than ten minutes ago
              {"c+occ", true},    {"c+c+cocc", true},
          }));
  CAPTURE(row.happened);
  Exceptions exceptions;
  auto now = kNow;
  bool excepted = false;
  for (const char what : std::string(row.happened)) {
    if (what == 'c') excepted = exceptions.note_silent_close(parties(), now, now + 24h);
    if (what == 's') exceptions.note_success(parties(), now);
    if (what == 'n') exceptions.note_success(parties("10.1.0.2", "other.example"), now);
    if (what == 'o') exceptions.note_success(parties("10.1.0.3"), now);
    if (what == 'x') exceptions.note_success(parties("10.1.0.3", "other.example"), now);
    if (what == '+') now += 6min;
  }
  CHECK(excepted == row.excepted);
  CHECK(exceptions.find(parties(), now).has_value() == row.excepted);
  if (row.excepted) CHECK(exceptions.find(parties(), now) == TlsCause::closed);
  CHECK_FALSE(exceptions.find(parties("10.1.0.3"), now));
}

TEST_CASE("exceptions: a suspicion that became one is over", "[tls]") {
  Exceptions exceptions;
  for (int i = 0; i < 2; ++i) CHECK_FALSE(exceptions.note_silent_close(parties(), kNow, kUntil));
  exceptions.note_success(parties("10.1.0.3"), kNow);
  CHECK(exceptions.note_silent_close(parties(), kNow, kUntil));
  CHECK(exceptions.remove("www.example", kNow) == 1);
  CHECK_FALSE(exceptions.note_silent_close(parties(), kNow, kUntil));
  CHECK_FALSE(exceptions.find(parties(), kNow));
}

TEST_CASE("exceptions: few clients are suspected at once, the oldest are let go", "[tls]") {
  Exceptions exceptions;
  CHECK_FALSE(exceptions.note_silent_close(parties(), kNow, kUntil));
  CHECK_FALSE(exceptions.note_silent_close(parties(), kNow, kUntil));
  for (int i = 0; i < 256; ++i)
    exceptions.note_silent_close(parties("10.2.0.1", ("n" + std::to_string(i)).c_str()), kNow, kUntil);
  exceptions.note_success(parties("10.1.0.3"), kNow);
  CHECK_FALSE(exceptions.note_silent_close(parties(), kNow, kUntil));
}
