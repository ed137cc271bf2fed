#include "proxy/admin/routes.hpp"

#include <array>
#include <optional>

#include "proxy/admin/answers.hpp"
#include "proxy/admin/event_stream.hpp"
#include "proxy/admin/live_stream.hpp"
#include "proxy/admin/page.hpp"

namespace weir::admin {
namespace {

using boost::beast::http::verb;

constexpr std::array<Route, 22> kRoutes{{
    {"/healthz", verb::get, Kind::probe, answer_health},
    {"/readyz", verb::get, Kind::probe, answer_readiness},
    {"/metrics", verb::get, Kind::read, answer_metrics},
    {"/api/v1/status", verb::get, Kind::read, answer_status},
    {"/api/v1/flows", verb::get, Kind::read, answer_flows},
    {"/api/v1/flows/", verb::get, Kind::read, answer_flow},
    {"/api/v1/bypass", verb::get, Kind::read, answer_bypass},
    {"/api/v1/bypass", verb::post, Kind::change, answer_bypass_add},
    {"/api/v1/bypass", verb::delete_, Kind::change, answer_bypass_remove},
    {"/api/v1/exceptions", verb::get, Kind::read, answer_exceptions},
    {"/api/v1/exceptions", verb::delete_, Kind::change, answer_exceptions_remove},
    {"/api/v1/explain", verb::get, Kind::read, answer_explain},
    {"/api/v1/joins", verb::get, Kind::read, answer_joins},
    {"/api/v1/history", verb::get, Kind::read, answer_history},
    {"/api/v1/summary", verb::get, Kind::read, answer_summary},
    {"/api/v1/live", verb::get, Kind::read, nullptr, stream_live},
    {"/api/v1/events", verb::get, Kind::read, nullptr, stream_events},
    {"/api/v1/reload", verb::post, Kind::change, answer_reload},
    {"/api/v1/drain", verb::post, Kind::change, answer_drain},
    {"/ca.crt", verb::get, Kind::read, answer_ca},
    {"/ca.pem", verb::get, Kind::read, answer_ca},
    {"/ca.mobileconfig", verb::get, Kind::read, answer_ca},
}};
// Of each file of the page: which those are the build knows.
constexpr Route kPage{"", verb::get, Kind::page, answer_page};

bool leaves_open(const Route& route) { return route.path.size() > 1 && route.path.ends_with('/'); }

std::string_view name(verb method) {
  const auto text = boost::beast::http::to_string(method);
  return {text.data(), text.size()};
}

// What the route leaves open of the path; nothing where it is not the route's.
std::optional<std::string_view> rest_of(const Route& route, std::string_view path) {
  if (!leaves_open(route)) return path == route.path ? std::optional(std::string_view{}) : std::nullopt;
  if (!path.starts_with(route.path)) return std::nullopt;
  const auto rest = path.substr(route.path.size());
  if (rest.empty() || rest.find('/') != std::string_view::npos) return std::nullopt;
  return rest;
}

void try_route(Match& match, const Route& route, std::string_view rest, verb method) {
  match.allow +=
      (match.allow.empty() ? "" : ", ") + std::string(route.method == verb::get ? "GET, HEAD" : name(route.method));
  if (match.takes_method) return;
  match.route = &route;
  match.rest = rest;
  match.takes_method = method == route.method || (method == verb::head && route.method == verb::get);
}

}  // namespace

Match find_route(std::string_view path, verb method) {
  Match match;
  for (const auto& route : kRoutes) {
    if (const auto rest = rest_of(route, path)) try_route(match, route, *rest, method);
  }
  if (match.route == nullptr && page::find(path) != nullptr) try_route(match, kPage, {}, method);
  return match;
}

}  // namespace weir::admin
