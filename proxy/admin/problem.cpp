#include "proxy/admin/problem.hpp"

#include <boost/json.hpp>

namespace weir::admin {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

json::object details(http::status status, std::string_view detail) {
  json::object object;
  object["type"] = "about:blank";
  object["title"] = std::string_view(http::obsolete_reason(status));
  object["status"] = static_cast<unsigned>(status);
  object["detail"] = detail;
  return object;
}

Reply reply(http::status status, const json::object& object) {
  Reply reply;
  reply.status = status;
  reply.content_type = "application/problem+json";
  reply.body = json::serialize(object) + "\n";
  return reply;
}

}  // namespace

Reply problem(http::status status, std::string_view detail) { return reply(status, details(status, detail)); }

Reply problem(const std::vector<conf::Problem>& problems) {
  auto object =
      details(http::status::unprocessable_entity, "the configuration has problems; the one read before stays in force");
  json::array list;
  for (const auto& one : problems) {
    list.push_back({{"file", one.file}, {"line", one.line}, {"column", one.column}, {"message", one.message}});
  }
  object["problems"] = std::move(list);
  return reply(http::status::unprocessable_entity, object);
}

Reply problem(Access access) {
  switch (access) {
    case Access::bad_host: return problem(http::status::bad_request, "a request has one Host field");
    case Access::foreign_host:
      return problem(http::status::forbidden,
                     "call weir by its address or as localhost: another name is refused, as "
                     "it may have been made to point here (DNS rebinding)");
    case Access::foreign_origin:
      return problem(http::status::forbidden, "a page of another site may not change anything here");
    case Access::no_token:
    case Access::allowed: break;
  }
  auto refusal =
      problem(http::status::unauthorized, "send the token of admin.token_file as Authorization: Bearer TOKEN");
  refusal.fields.emplace_back(http::field::www_authenticate, "Bearer realm=\"weir\"");
  return refusal;
}

}  // namespace weir::admin
