#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <boost/json.hpp>

#include "proxy/admin/client/client.hpp"
#include "proxy/admin/client/reports.hpp"
#include "proxy/admin/client/terminal.hpp"
#include "proxy/admin/flow_order.hpp"
#include "proxy/flow/record.hpp"
#include "proxy/program/command.hpp"
#include "proxy/program/gateway_call.hpp"
#include "proxy/program/watch.hpp"

namespace weir::program {
namespace {

using boost::beast::http::verb;

struct Options : GatewayCall {
  bool json = false;
  bool watch = false;
  std::string id;
  unsigned limit = 1000;
  std::string sort = "age";
  std::string order;
  std::string disposition;
  std::string text;
  std::string transport;
};

int status(const Options& options) {
  if (options.watch) return watch_status(options);
  return ask(options, verb::get, "/api/v1/status", options.json ? show_json : show_report<admin::status_report>);
}

int health(const Options& options) {
  return ask(options, verb::get, "/healthz", [](const std::string& body) { std::fputs(body.c_str(), stdout); });
}

int flows(const Options& options) {
  auto target = "/api/v1/flows?limit=" + std::to_string(options.limit) + "&sort=" + options.sort;
  for (const auto& [key, value] : {std::pair("transport", &options.transport), std::pair("order", &options.order),
                                   std::pair("disposition", &options.disposition), std::pair("text", &options.text)})
    if (!value->empty()) target += std::string("&") + key + "=" + admin::query_escaped(*value);
  return ask(options, verb::get, target, options.json ? show_json : show_report<admin::flows_report>);
}

int flow(const Options& options) {
  if (!flow::parse_id(options.id)) return fail(kCallWasWrong, "a flow's id is 16 hexadecimal digits; see weir flows");
  return ask(options, verb::get, "/api/v1/flows/" + options.id,
             options.json ? show_json : show_report<admin::flow_report>);
}

int reload(const Options& options) {
  return ask(options, verb::post, "/api/v1/reload",
             [](const std::string&) { std::puts("the configuration is read and in force"); });
}

int drain(const Options& options) {
  return ask(options, verb::post, "/api/v1/drain",
             [](const std::string&) { std::puts("weir takes no new flows and ends with the last one"); });
}

using Command = int (*)(const Options&);

CLI::App* add(CLI::App& app, Action& chosen, const char* name, const char* help, Command run,
              const std::shared_ptr<Options>& options) {
  auto* command = app.add_subcommand(name, help);
  add_gateway_options(*command, *options);
  command->callback([&chosen, run, options] { chosen = [run, options] { return run(*options); }; });
  return command;
}

CLI::Option* add_json(CLI::App& command, const std::shared_ptr<Options>& options) {
  return command.add_flag("--json", options->json, "as the admin service says it");
}

void add_flows(CLI::App& app, Action& chosen, const std::shared_ptr<Options>& options) {
  auto* list = add(app, chosen, "flows", "live flows", flows, options);
  add_json(*list, options);
  list->add_option("--limit", options->limit, "the most to show")->check(CLI::Range(1, 10'000))->capture_default_str();
  list->add_option("--sort", options->sort, "by " + admin::FlowOrder::names())
      ->check([](const std::string& name) {
        return admin::FlowOrder::named(name) != nullptr ? "" : "is " + admin::FlowOrder::names();
      })
      ->capture_default_str();
  list->add_option("--order", options->order, "the least first or the most; left out: as suits the column")
      ->check(CLI::IsMember({"asc", "desc"}));
  list->add_option("--transport", options->transport, "only these")->check(CLI::IsMember({"tcp", "mptcp"}));
  list->add_option("--disposition", options->disposition, "only these")
      ->check(CLI::IsMember({"splice", "inspect", "decrypt", "block", "reset"}));
  list->add_option("--text", options->text, "only those with this in an address, the domain, the rule or the id");
}

}  // namespace

void add_client_commands(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  auto* glance = add(app, chosen, "status", "the running gateway at a glance", status, options);
  glance->add_flag("--watch", options->watch, "again and again, until q or ^C")->excludes(add_json(*glance, options));
  add_flows(app, chosen, options);
  const auto anybody = std::make_shared<Options>();
  anybody->is_probe = true;
  add(app, chosen, "health", "whether the running gateway answers: exit 0, else 1; what a container asks", health,
      anybody);
  auto* one = add(app, chosen, "flow", "one live flow, with its subflows", flow, options);
  add_json(*one, options);
  one->add_option("ID", options->id, "as weir flows shows it")->required();
  add(app, chosen, "reload", "read the configuration again, as SIGHUP", reload, options);
  add(app, chosen, "drain", "take no new flows and end with the last one, as SIGTERM", drain, options);
}

}  // namespace weir::program
