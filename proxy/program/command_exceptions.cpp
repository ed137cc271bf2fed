// `weir exceptions list|remove`: what the running gateway does not decrypt any more, by experience.
#include <cstdio>
#include <memory>
#include <string>

#include <boost/json.hpp>

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
};

int list(const Request& request) {
  return ask(request, verb::get, "/api/v1/exceptions",
             request.json ? show_json : show_report<admin::exceptions_report>);
}

int remove(const Request& request) {
  return ask(request, verb::delete_, "/api/v1/exceptions?what=" + admin::query_escaped(request.what),
             [](const std::string&) { std::puts("removed"); });
}

}  // namespace

void add_exceptions(CLI::App& app, Action& chosen) {
  auto* exceptions = app.add_subcommand("exceptions", "what the running gateway does not decrypt any more");
  exceptions->require_subcommand(1);
  const auto request = std::make_shared<Request>();
  auto* listing =
      add_gateway_command(*exceptions, chosen, "list", "each with its reason, and for how long", request, list);
  listing->add_flag("--json", request->json, "as the admin service says it");
  auto* removing = add_gateway_command(*exceptions, chosen, "remove", "have it decrypted again", request, remove);
  removing->add_option("WHAT", request->what, "a name, a client's address, or a destination")->required();
}

}  // namespace weir::program
