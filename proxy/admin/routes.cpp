#include "proxy/admin/routes.hpp"

#include <array>

#include "proxy/admin/answers.hpp"

namespace weir::admin {
namespace {

using boost::beast::http::verb;

constexpr std::array<Route, 13> kRoutes{{
    {"/healthz", verb::get, Kind::probe, answer_health},
    {"/readyz", verb::get, Kind::probe, answer_readiness},
    {"/metrics", verb::get, Kind::read, answer_metrics},
    {"/api/v1/status", verb::get, Kind::read, answer_status},
    {"/api/v1/flows", verb::get, Kind::read, answer_flows},
    {"/api/v1/flows/", verb::get, Kind::read, answer_flow},
    {"/api/v1/events", verb::get, Kind::read, nullptr},
    {"/api/v1/reload", verb::post, Kind::change, answer_reload},
    {"/api/v1/drain", verb::post, Kind::change, answer_drain},
    {"/", verb::get, Kind::read, answer_page},
    {"/app.js", verb::get, Kind::read, answer_page},
    {"/style.css", verb::get, Kind::read, answer_page},
    {"/favicon.svg", verb::get, Kind::read, answer_page},
}};

bool leaves_open(const Route& route) { return route.path.size() > 1 && route.path.ends_with('/'); }

}  // namespace

std::string_view Match::allow() const { return route->method == verb::get ? "GET, HEAD" : "POST"; }

Match find_route(std::string_view path) {
  for (const auto& route : kRoutes) {
    if (path == route.path && !leaves_open(route)) return {&route, {}};
    if (!leaves_open(route) || !path.starts_with(route.path)) continue;
    const auto rest = path.substr(route.path.size());
    if (!rest.empty() && rest.find('/') == std::string_view::npos) return {&route, rest};
  }
  return {};
}

bool takes(const Route& route, verb method) {
  return method == route.method || (method == verb::head && route.method == verb::get);
}

}  // namespace weir::admin
