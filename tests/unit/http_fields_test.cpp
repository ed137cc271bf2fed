#include "proxy/http/fields.hpp"
#include "proxy/http/message.hpp"
#include "tests/unit/catch.hpp"

using namespace weir::http;

namespace {

Fields made(std::initializer_list<HeaderField> list) {
  Fields fields;
  for (const auto& field : list) fields.add(field.name, field.value);
  return fields;
}

std::string text(const Fields& fields) {
  std::string all;
  for (std::size_t i = 0; i < fields.size(); ++i)
    all += std::string(fields[i].name) + "=" + std::string(fields[i].value) + ";";
  return all;
}

}  // namespace

TEST_CASE("names are compared without case", "[http_fields]") {
  CHECK(same_text("Content-Length", "cONTENT-lENGTH"));
  CHECK_FALSE(same_text("a", "ab"));
  CHECK_FALSE(same_text("[", "{"));  // 0x20 apart, and no letters
  CHECK(is_named("HOST", "host"));
  CHECK_FALSE(is_named("hosts", "host"));
}

TEST_CASE("fields stay in order and as they came", "[http_fields]") {
  auto fields = made({{"B", "1"}, {"a", ""}, {"b", "2"}, {"C", "3"}});
  CHECK(text(fields) == "B=1;a=;b=2;C=3;");
  CHECK(fields.get("b") == "1");
  CHECK(fields.get("a").empty());
  CHECK(fields.get("none").empty());
  CHECK(fields.count("b") == 2);
  CHECK(fields.contains("a"));
  CHECK_FALSE(fields.contains("none"));
  CHECK(fields.list_size() == 7 + 4 * 32);
}

TEST_CASE("fields are changed by name", "[http_fields]") {
  auto fields = made({{"B", "1"}, {"a", "0"}, {"b", "2"}});
  fields.set("B", "new");
  CHECK(text(fields) == "a=0;B=new;");
  fields.remove("a");
  CHECK(text(fields) == "B=new;");
  fields.remove_if([](const HeaderField& field) { return field.value == "new"; });
  CHECK(fields.empty());
}

TEST_CASE("memory is kept until it is given back", "[http_fields]") {
  auto fields = made({{"Name", std::string(1000, 'x')}});
  fields.clear();
  CHECK(fields.empty());
  CHECK(fields.capacity() > 1000);
  fields.shrink();
  CHECK(fields.capacity() < 100);
}

TEST_CASE("an element of a list, in whichever field it is", "[http_fields]") {
  const auto fields = made({{"Connection", ", close ,\tx-one"}, {"connection", "Upgrade"}, {"other", "x-two"}});
  for (const auto* element : {"close", "X-One", "upgrade"}) CHECK(fields.lists("connection", element));
  for (const auto* element : {"x-two", "clos", "close ,x-one", ""}) CHECK_FALSE(fields.lists("connection", element));
}

TEST_CASE("fields of the connection are removed", "[http_fields]") {
  struct Row {
    const char* what;
    std::vector<HeaderField> fields;
    const char* left;
  };
  const std::vector<Row> rows{
      {"the known ones, named or not",
       {{"Keep-Alive", "5"},
        {"Proxy-Connection", "x"},
        {"Upgrade", "h2c"},
        {"Transfer-Encoding", "chunked"},
        {"A", "1"}},
       "A=1;"},
      {"those that are named",
       {{"X-Hop", "1"}, {"Connection", "close, x-hop"}, {"x-HOP", "2"}, {"X-End", "3"}},
       "X-End=3;"},
      {"named in the second field", {{"Connection", "close"}, {"CONNECTION", "x-hop"}, {"X-Hop", "1"}}, ""},
      {"but none that bears the message",
       {{"Connection", "host, content-type, cookie, Authorization"},
        {"Cookie", "a"},
        {"Content-Type", "b"},
        {"Authorization", "c"}},
       "Cookie=a;Content-Type=b;Authorization=c;"},
      {"TE, and trailers are kept", {{"TE", "gzip;q=0.5, Trailers"}, {"Connection", "TE"}}, "te=trailers;"},
      {"TE without trailers", {{"TE", "gzip, trailersx"}}, ""},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    Fields fields;
    for (const auto& field : row.fields) fields.add(field.name, field.value);
    remove_connection_fields(fields);
    CHECK(text(fields) == row.left);
  }
}

TEST_CASE("a long list in Connection costs no more than its length", "[http_fields]") {
  std::string list;
  for (int i = 0; i < 30000; ++i) list += "x" + std::to_string(i) + ",";
  Fields fields;
  fields.add("Connection", list);
  for (int i = 0; i < 10000; ++i) fields.add("y" + std::to_string(i), "");
  fields.add("X29999", "");
  remove_connection_fields(fields);
  CHECK(fields.size() == 10000);
}
