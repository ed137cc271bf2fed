#include "proxy/http/block_page.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <boost/json.hpp>

#include "proxy/http/block_template.hpp"

namespace weir::http {
namespace {

bool is_refused(std::string_view parameters) {
  const auto q = parameters.find("q=");
  if (q == std::string_view::npos) return false;
  const auto value = trimmed(parameters.substr(q + 2, parameters.find(';', q) - q - 2));
  return value.find_first_not_of("0.") == std::string_view::npos;
}

// Whether the Accept field names this media type itself (RFC 9110, 12.5.1).
bool names(std::string_view accept, std::string_view type) {
  while (!accept.empty()) {
    const auto element = accept.substr(0, accept.find(','));
    accept.remove_prefix(std::min(element.size() + 1, accept.size()));
    const auto semicolon = std::min(element.find(';'), element.size());
    const bool same = std::ranges::equal(trimmed(element.substr(0, semicolon)), type, [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
    });
    if (same) return !is_refused(element.substr(semicolon));
  }
  return false;
}

// No byte of it can begin an element, an entity or an attribute; control bytes and what is not ASCII become '?', for
// what came from the network need not be UTF-8.
std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '"')
      escaped += "&quot;";
    else if (c == '\'')
      escaped += "&#39;";
    else
      escaped += c < ' ' || c > '~' ? '?' : c;
  }
  return escaped;
}

std::string printable(std::string_view text) {
  std::string shown(text);
  std::ranges::replace_if(
      shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

std::string_view heading(unsigned status) {
  switch (status) {
    case 403: return "This page is blocked";
    case 408: return "This request did not come in time";
    case 421: return "This page is to be had over another connection";
    case 501: return "This cannot be done here";
    case 502: return "This server cannot be reached safely";
    case 504: return "This server does not answer";
    default: return "This request is not understood";
  }
}

std::string_view value_of(const BlockNotice& notice, std::string_view key) {
  if (key == "name") return notice.name;
  if (key == "rule") return notice.rule.empty() ? "none" : notice.rule;
  if (key == "flow") return notice.flow;
  if (key == "reason") return notice.reason;
  if (key == "heading") return heading(notice.status);
  return {};
}

std::string html(const BlockNotice& notice) {
  std::string page;
  std::string_view rest = block_html;
  for (auto at = rest.find("{{"); at != std::string_view::npos; at = rest.find("{{")) {
    const auto end = rest.find("}}", at);
    if (end == std::string_view::npos) break;
    page += rest.substr(0, at);
    page += html_escaped(value_of(notice, rest.substr(at + 2, end - at - 2)));
    rest.remove_prefix(end + 2);
  }
  return page.append(rest);
}

std::string json(const BlockNotice& notice) {
  boost::json::object object;
  object["type"] = "about:blank";  // RFC 9457
  object["title"] = heading(notice.status);
  object["status"] = notice.status;
  object["detail"] = printable(notice.reason);
  object["name"] = printable(notice.name);
  if (notice.rule.empty())
    object["rule"] = nullptr;
  else
    object["rule"] = printable(notice.rule);
  object["flow"] = notice.flow;
  return boost::json::serialize(object) + "\n";
}

std::string text(const BlockNotice& notice) {
  return std::string(heading(notice.status)) + ". " + printable(notice.reason) +
         "\nasked for: " + printable(notice.name) + "\nrule: " + printable(value_of(notice, "rule")) +
         "\nflow: " + printable(notice.flow) + "\n";
}

std::string_view content_type(PageType type) {
  switch (type) {
    case PageType::html: return "text/html; charset=utf-8";
    case PageType::json: return "application/problem+json";
    case PageType::text: break;
  }
  return "text/plain; charset=utf-8";
}

// IMF-fixdate (RFC 9110, 5.6.7).
std::string date(std::chrono::system_clock::time_point now) {
  const auto clock = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&clock, &utc);
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 48> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return buffer.data();
}

}  // namespace

PageType page_type(std::string_view accept) {
  if (names(accept, "text/html") || names(accept, "application/xhtml+xml")) return PageType::html;
  if (names(accept, "application/json") || names(accept, "application/problem+json")) return PageType::json;
  return PageType::text;
}

std::string page_body(const BlockNotice& notice, PageType type) {
  switch (type) {
    case PageType::html: return html(notice);
    case PageType::json: return json(notice);
    case PageType::text: break;
  }
  return text(notice);
}

std::string fill_page(Response& response, const BlockNotice& notice, const Request& request,
                      std::chrono::system_clock::time_point now) {
  const auto type = page_type(request.fields.get("accept"));
  auto body = page_body(notice, type);
  response.clear();
  response.status = notice.status;
  response.fields.add("Date", date(now));
  response.fields.add("Content-Type", content_type(type));
  response.fields.add("Cache-Control", "no-store");
  response.fields.add("X-Content-Type-Options", "nosniff");
  if (request.method != "HEAD") {
    response.body = {.kind = Body::Kind::sized, .size = body.size()};
    return body;
  }
  response.fields.add("Content-Length", std::to_string(body.size()));
  return {};
}

}  // namespace weir::http
