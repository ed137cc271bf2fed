// `weir bypass list|add|remove`: the bypass list of the running gateway.
#include <cstdio>
#include <memory>
#include <string>

#include <boost/json.hpp>

#include "conf/duration.hpp"
#include "proxy/admin/client/client.hpp"
#include "proxy/admin/client/reports.hpp"
#include "proxy/program/command.hpp"
#include "proxy/program/gateway_call.hpp"

namespace weir::program {
namespace {

using boost::beast::http::verb;

struct Request : GatewayCall {
  bool json = false;
  std::string what;
  std::string duration;
  std::string flows = "mptcp";
};

int list(const Request& request) {
  return ask(request, verb::get, "/api/v1/bypass", request.json ? show_json : show_report<admin::bypass_report>);
}

int add(const Request& request) {
  const boost::json::object body{{"what", request.what}, {"for", request.duration}, {"flows", request.flows}};
  return ask(
      request, verb::post, "/api/v1/bypass", [](const std::string&) { std::puts("added"); },
      boost::json::serialize(body));
}

int remove(const Request& request) {
  return ask(request, verb::delete_, "/api/v1/bypass?what=" + admin::query_escaped(request.what),
             [](const std::string&) { std::puts("removed"); });
}

std::string is_duration(const std::string& text) {
  const auto duration = conf::parse_duration(text);
  return duration && *duration >= std::chrono::seconds(1) ? "" : "is a duration such as 30m, 1h or 2d";
}

}  // namespace

void add_bypass(CLI::App& app, Action& chosen) {
  auto* bypass = app.add_subcommand("bypass", "the bypass list of the running gateway");
  bypass->require_subcommand(1);
  const auto request = std::make_shared<Request>();
  auto* listing = add_gateway_command(*bypass, chosen, "list", "configured, added and learned entries", request, list);
  listing->add_flag("--json", request->json, "as the admin service says it");
  auto* adding =
      add_gateway_command(*bypass, chosen, "add", "send flows to a destination direct, for a time", request, add);
  adding->add_option("WHAT", request->what, "an address, a prefix, or a name (*.x: every name below x)")->required();
  adding->add_option("--for", request->duration, "how long")->required()->type_name("TIME")->check(is_duration);
  adding->add_option("--flows", request->flows, "which flows")
      ->check(CLI::IsMember({"mptcp", "tcp", "any"}))
      ->capture_default_str();
  auto* removing =
      add_gateway_command(*bypass, chosen, "remove", "an entry that was added, or what was learned", request, remove);
  removing->add_option("WHAT", request->what, "as it was added, or an address or a name that was learned")->required();
}

}  // namespace weir::program
