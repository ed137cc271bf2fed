#include "proxy/http/block_page.hpp"

#include "tests/unit/catch.hpp"

using namespace weir::http;

namespace {

constexpr BlockNotice kNotice{.name = "ads.example/<script>alert('1')</script>&\x01\xff",
                              .rule = "ads",
                              .flow = "0123456789abcdef",
                              .reason = "A rule of this network says so."};

}  // namespace

TEST_CASE("the page is of a type the client asks for", "[block_page]") {
  CHECK(page_type("") == PageType::text);
  CHECK(page_type("*/*") == PageType::text);
  CHECK(page_type("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8") == PageType::html);
  CHECK(page_type("Text/HTML ; q=0.1") == PageType::html);
  CHECK(page_type("text/html;q=0, application/json") == PageType::json);
  CHECK(page_type("text/html;q=0.0") == PageType::text);
  CHECK(page_type("application/json") == PageType::json);
  CHECK(page_type("text/htmlx") == PageType::text);
}

TEST_CASE("what came from the network is text in the page", "[block_page]") {
  const auto html = page_body(kNotice, PageType::html);
  CHECK_THAT(html, ContainsSubstring("ads.example/&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;??"));
  CHECK(html.find("<script>") == std::string::npos);
  CHECK(html.find("{{") == std::string::npos);
  CHECK_THAT(html, ContainsSubstring("<dd>ads</dd>") && ContainsSubstring("0123456789abcdef"));
  CHECK(
      page_body(kNotice, PageType::json) ==
      R"({"type":"about:blank","title":"This page is blocked","status":403,"detail":"A rule of this network says so.",)"
      R"("name":"ads.example/<script>alert('1')</script>&??","rule":"ads","flow":"0123456789abcdef"})"
      "\n");
  CHECK_THAT(page_body(kNotice, PageType::text), ContainsSubstring("rule: ads\nflow: 0123456789abcdef\n"));
  auto without_rule = kNotice;
  without_rule.rule = "";
  CHECK_THAT(page_body(without_rule, PageType::text), ContainsSubstring("rule: none"));
  CHECK_THAT(page_body(without_rule, PageType::json), ContainsSubstring("\"rule\":null"));
}

TEST_CASE("a page's heading and title follow its status", "[block_page][tls]") {
  auto notice = kNotice;
  notice.rule = "";
  notice.reason = "Its certificate has expired. (expired 2020-01-01)";
  notice.status = 502;
  const auto html = page_body(notice, PageType::html);
  CHECK_THAT(html, ContainsSubstring("<h1>This server cannot be reached safely</h1>"));
  CHECK_THAT(html, ContainsSubstring("Its certificate has expired. (expired 2020-01-01)"));
  CHECK_THAT(page_body(notice, PageType::json),
             ContainsSubstring(R"("title":"This server cannot be reached safely","status":502)"));
  CHECK_THAT(page_body(notice, PageType::text),
             ContainsSubstring("This server cannot be reached safely. Its certificate"));
}

TEST_CASE("the response is whole, and without a body for HEAD", "[block_page]") {
  const auto then = std::chrono::system_clock::time_point(std::chrono::seconds(784111777));
  Request request;
  request.method = "GET";
  request.fields.add("Accept", "application/json");
  Response response;
  response.fields.add("Left", "over");
  const auto page = fill_page(response, kNotice, request, then);
  CHECK(page == page_body(kNotice, PageType::json));
  CHECK(response.status == 403);
  CHECK(response.body.kind == Body::Kind::sized);
  CHECK(response.body.size == page.size());
  CHECK(response.fields.get("date") == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(response.fields.get("content-type") == "application/problem+json");
  CHECK(response.fields.get("cache-control") == "no-store");
  CHECK_FALSE(response.fields.contains("left"));
  request.method = "HEAD";
  CHECK(fill_page(response, kNotice, request, then).empty());
  CHECK(response.body.kind == Body::Kind::none);
  CHECK(response.fields.get("content-length") == std::to_string(page.size()));
}
