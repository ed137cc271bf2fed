// Who may ask what: pure decisions, the token's file, and the token by real HTTP.
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "proxy/admin/guard.hpp"
#include "tests/unit/admin_fixture.hpp"
#include "tests/unit/catch.hpp"

using namespace weir;
using admin::Access;
using admin::Asked;
using admin::Kind;

namespace {

// A file that is gone when the test ends.
class TokenFile {
 public:
  explicit TokenFile(const std::string& content, mode_t mode = 0600) {
    path_ = std::filesystem::temp_directory_path() / ("weir-token-" + std::to_string(::getpid()));
    std::filesystem::remove(path_);
    std::ofstream(path_) << content;
    ::chmod(path_.c_str(), mode);
  }
  ~TokenFile() { std::filesystem::remove(path_); }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Asked asked(Kind kind, std::string_view host) {
  Asked result;
  result.kind = kind;
  result.host = host;
  return result;
}

}  // namespace

TEST_CASE("admin guard: hosts", "[admin]") {
  struct Row {
    std::string_view host;
    bool own;
  };
  const Row rows[] = {
      {"127.0.0.1", true},
      {"127.0.0.1:9080", true},
      {"192.0.2.1:9080", true},
      {"[::1]:9080", true},
      {"[2001:db8::1]", true},
      {"localhost", true},
      {"LocalHost:9080", true},
      {"weir.example", false},
      {"localhost.evil", false},
      {"", false},
      {"[::1", false},
      {"127.0.0.1.evil:80", false},
      {"evil@127.0.0.1", false},
      {"127.0.0.1 ", false},
      {"xlocalhost:9080", false},
  };
  for (const auto& row : rows) {
    INFO(row.host);
    CHECK(admin::judge(asked(Kind::read, row.host), std::nullopt) ==
          (row.own ? Access::allowed : Access::foreign_host));
    CHECK(admin::judge(asked(Kind::page, row.host), std::nullopt) ==
          admin::judge(asked(Kind::read, row.host), std::nullopt));
    CHECK(admin::judge(asked(Kind::change, row.host), std::nullopt) ==
          (row.own ? Access::allowed : Access::foreign_host));
    CHECK(admin::judge(asked(Kind::probe, row.host), std::nullopt) == Access::allowed);
  }
}

TEST_CASE("admin guard: origins of what changes the state", "[admin]") {
  struct Row {
    std::optional<std::string_view> origin;
    std::optional<std::string_view> site;
    bool own;
  };
  const Row rows[] = {
      {std::nullopt, std::nullopt, true},
      {"http://127.0.0.1:9080", std::nullopt, true},
      {"http://127.0.0.1:9080", "same-origin", true},
      {std::nullopt, "none", true},
      {"http://127.0.0.1:9081", std::nullopt, false},
      {"http://127.0.0.1", std::nullopt, false},
      {"http://evil.example", std::nullopt, false},
      {"null", std::nullopt, false},
      {"", std::nullopt, false},
      {std::nullopt, "cross-site", false},
      {std::nullopt, "same-site", false},
      {"http://127.0.0.1:9080", "cross-site", false},
  };
  for (const auto& row : rows) {
    auto one = asked(Kind::change, "127.0.0.1:9080");
    one.origin = row.origin;
    one.fetch_site = row.site;
    INFO(row.origin.value_or("none") << " " << row.site.value_or("none"));
    CHECK(admin::judge(one, std::nullopt) == (row.own ? Access::allowed : Access::foreign_origin));
    one.kind = Kind::read;  // a link from another site may lead here
    CHECK(admin::judge(one, std::nullopt) == Access::allowed);
  }
}

TEST_CASE("admin guard: Host fields", "[admin]") {
  auto one = asked(Kind::read, "");
  one.hosts = 0;
  CHECK(admin::judge(one, std::nullopt) == Access::bad_host);
  one.http_1_0 = true;
  CHECK(admin::judge(one, std::nullopt) == Access::allowed);
  one.hosts = 2;
  CHECK(admin::judge(one, std::nullopt) == Access::bad_host);
}

TEST_CASE("admin guard: the token", "[admin]") {
  const std::optional<admin::Token> token{admin::Token("s3cret")};
  struct Row {
    std::string_view authorization;
    bool right;
  };
  const Row rows[] = {
      {"Bearer s3cret", true},   {"bearer s3cret", true}, {"Bearer   s3cret", true}, {"", false},
      {"Bearer", false},         {"Bearer ", false},      {"s3cret", false},         {"Bearer s3cre", false},
      {"Bearer s3crets", false}, {"Basic s3cret", false}, {"Bearer s3creT", false},  {"Bearer s3crets3cret", false},
  };
  for (const auto& row : rows) {
    INFO(row.authorization);
    auto one = asked(Kind::read, "127.0.0.1");
    one.authorization = row.authorization;
    CHECK(admin::judge(one, token) == (row.right ? Access::allowed : Access::no_token));
    one.host = "prometheus.example";  // a reader with the token may call weir by any name
    CHECK(admin::judge(one, token) == (row.right ? Access::allowed : Access::no_token));
    one.kind = Kind::page;  // needs none, and is judged as a reader without one
    CHECK(admin::judge(one, token) == Access::foreign_host);
    one.kind = Kind::change;
    CHECK(admin::judge(one, token) == Access::foreign_host);
    one.kind = Kind::probe;
    CHECK(admin::judge(one, token) == Access::allowed);
  }
}

TEST_CASE("admin token: read from its file", "[admin]") {
  {
    const TokenFile file("  abc123\n");
    CHECK(admin::Token::read(file.path())->equals("abc123"));
  }
  struct Row {
    std::string content;
    mode_t mode;
    const char* part;
  };
  const Row rows[] = {
      {"", 0600, "is empty"},       {" \n", 0600, "is empty"},
      {"a b\n", 0600, "one token"}, {"t\xc3\xb6ken", 0600, "visible ASCII"},
      {"abc", 0604, "chmod 600"},   {std::string(5000, 'x'), 0600, "longer than 4096"},
  };
  for (const auto& row : rows) {
    const TokenFile file(row.content, row.mode);
    const auto token = admin::Token::read(file.path());
    REQUIRE(token.has_error());
    CHECK_THAT(token.error(), ContainsSubstring(row.part));
    CHECK_THAT(token.error(), ContainsSubstring(file.path().string()));
  }
  CHECK_THAT(admin::Token::read("/").error(), ContainsSubstring("not a regular file"));
}

TEST_CASE("admin token: asked of all but the probes and the page's own files", "[admin]") {
  const TokenFile file("s3cret\n");
  test::AdminFixture admin({}, file.path());
  admin.start();
  for (const auto* target : {"/metrics", "/ca.crt", "/api/v1/status", "/api/v1/events", "/api/v1/flows/1"}) {
    INFO(target);
    const auto reply = admin.ask("GET", target);
    CHECK(test::status_of(reply) == "HTTP/1.1 401 Unauthorized");
    CHECK_THAT(reply, ContainsSubstring("WWW-Authenticate: Bearer realm=\"weir\"\r\n"));
    CHECK_THAT(reply, !ContainsSubstring("s3cret"));
  }
  CHECK(test::status_of(admin.ask("POST", "/api/v1/drain")) == "HTTP/1.1 401 Unauthorized");
  for (const auto* target : {"/", "/app.js", "/dygraph.min.js", "/licences.txt"}) {
    INFO(target);
    CHECK(test::status_of(admin.ask("GET", target)) == "HTTP/1.1 200 OK");
  }
  CHECK(test::status_of(admin.ask("GET", "/healthz")) == "HTTP/1.1 200 OK");
  CHECK(test::status_of(admin.ask("GET", "/readyz")) == "HTTP/1.1 200 OK");
  CHECK(test::status_of(admin.ask("GET", "/metrics", "Authorization: Bearer s3cret\r\n")) == "HTTP/1.1 200 OK");
}
