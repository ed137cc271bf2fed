#include "policy/normal_path.hpp"

#include "tests/unit/catch.hpp"

namespace {

std::string normal(std::string_view path) {
  std::string made;
  return std::string(weir::policy::normal_path(path, made));
}

}  // namespace

TEST_CASE("the normal form of a path", "[policy]") {
  struct Row {
    const char* path;
    const char* normal;
  };
  const Row rows[] = {
      {"/", "/"},
      {"", ""},
      {"*", "*"},
      {"/a/b.html", "/a/b.html"},
      {"/a/", "/a/"},
      {"/%73ecret", "/secret"},
      {"/%7euser", "/~user"},
      {"/a%2fb", "/a%2Fb"},
      {"/a%20b", "/a%20b"},
      {"/%2573", "/%2573"},
      {"/100%", "/100%"},
      {"/%zz%4", "/%zz%4"},
      {"//secret", "/secret"},
      {"/a//b///c", "/a/b/c"},
      {"/./secret", "/secret"},
      {"/x/../secret", "/secret"},
      {"/x/%2e%2E/secret", "/secret"},
      {"/x/y/../../secret", "/secret"},
      {"/../../secret", "/secret"},
      {"/a/.", "/a/"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/a//", "/a/"},
      {"/.well-known/x", "/.well-known/x"},
      {"/a/..b/...", "/a/..b/..."},
      {"/x\\..\\secret", "/secret"},
      {"/a.b/./c", "/a.b/c"},
  };
  for (const auto& row : rows) {
    INFO(row.path);
    CHECK(normal(row.path) == row.normal);
    CHECK(normal(row.normal) == row.normal);
  }
}

TEST_CASE("a path in its normal form is not copied", "[policy]") {
  const std::string path("/a/b/c.html");
  std::string made;
  CHECK(weir::policy::normal_path(path, made).data() == path.data());
}
