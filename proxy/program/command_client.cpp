#include <cstdio>
#include <memory>
#include <string>

#include <boost/json.hpp>

#include "conf/reader.hpp"
#include "proxy/admin/client/client.hpp"
#include "proxy/admin/client/reports.hpp"
#include "proxy/admin/client/terminal.hpp"
#include "proxy/flow/record.hpp"
#include "proxy/program/command.hpp"

namespace weir::program {
namespace {

using boost::beast::http::verb;

constexpr int kFine = 0;
constexpr int kFailed = 1;
constexpr int kCallWasWrong = 2;

struct Options {
  std::string configuration = kDefaultConfiguration;
  std::string admin;
  std::string token_file;
  bool json = false;
  std::string id;
  unsigned limit = 1000;
  std::string sort = "age";
  std::string transport;
};

int fail(int code, const std::string& sentence) {
  std::fprintf(stderr, "weir: error: %s\n", sentence.c_str());
  return code;
}

// Which gateway is meant: by --admin, else by the configuration that it runs with.
boost::system::result<admin::Client, std::string> find_gateway(const Options& options) {
  admin::Client client;
  std::filesystem::path token_file = options.token_file;
  if (!options.admin.empty()) {
    client.at = *policy::Endpoint::parse(options.admin);
  } else {
    const auto reading = conf::read_file(options.configuration);
    if (!reading.ok())
      return reading.problems.front().text() + "\nname a file that can be read with -c, or the gateway with --admin";
    client.at = reading.settings.admin.listen;
    if (token_file.empty()) token_file = reading.settings.admin.token_file;
  }
  if (token_file.empty()) return client;
  auto token = admin::Token::read(token_file);
  if (!token) return token.error();
  client.token = std::move(*token);
  return client;
}

// Asks, and hands a success's body to `show`.
int ask(const Options& options, verb method, const std::string& target, void (*show)(const std::string& body)) {
  const auto client = find_gateway(options);
  if (!client) return fail(kFailed, client.error());
  const auto answer = admin::ask_gateway(*client, method, target);
  if (!answer) return fail(kFailed, answer.error());
  if (answer->status >= 300) return fail(kFailed, admin::problem_report(answer->status, answer->body));
  show(answer->body);
  return kFine;
}

void show_json(const std::string& body) { std::fputs(admin::terminal_safe_json(body).c_str(), stdout); }

template <std::string (*report)(const boost::json::value&)>
void show_report(const std::string& body) {
  std::fputs(report(boost::json::parse(body)).c_str(), stdout);
}

int status(const Options& options) {
  return ask(options, verb::get, "/api/v1/status", options.json ? show_json : show_report<admin::status_report>);
}

int flows(const Options& options) {
  auto target = "/api/v1/flows?limit=" + std::to_string(options.limit) + "&sort=" + options.sort;
  if (!options.transport.empty()) target += "&transport=" + options.transport;
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

std::string is_endpoint(const std::string& text) {
  return policy::Endpoint::parse(text) ? "" : "is an address and a port, such as 127.0.0.1:9080 or [::1]:9080";
}

using Command = int (*)(const Options&);

CLI::App* add(CLI::App& app, Action& chosen, const char* name, const char* help, Command run,
              const std::shared_ptr<Options>& options) {
  auto* command = app.add_subcommand(name, help);
  auto* file = command->add_option("-c,--config", options->configuration, "the file that the gateway runs with");
  file->capture_default_str();
  command->add_option("--admin", options->admin, "where the gateway's admin service listens, instead of -c")
      ->type_name("ADDR:PORT")
      ->check(is_endpoint)
      ->excludes(file);
  command->add_option("--token-file", options->token_file, "the file with the admin service's token")
      ->type_name("FILE");
  command->callback([&chosen, run, options] { chosen = [run, options] { return run(*options); }; });
  return command;
}

void add_json(CLI::App& command, const std::shared_ptr<Options>& options) {
  command.add_flag("--json", options->json, "as the admin service says it");
}

}  // namespace

void add_client_commands(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  add_json(*add(app, chosen, "status", "the running gateway at a glance", status, options), options);
  auto* list = add(app, chosen, "flows", "live flows", flows, options);
  add_json(*list, options);
  list->add_option("--limit", options->limit, "the most to show")->check(CLI::Range(1, 10'000))->capture_default_str();
  list->add_option("--sort", options->sort, "youngest first, or the most first")
      ->check(CLI::IsMember({"age", "bytes", "idle", "subflows"}))
      ->capture_default_str();
  list->add_option("--transport", options->transport, "only these")->check(CLI::IsMember({"tcp", "mptcp"}));
  auto* one = add(app, chosen, "flow", "one live flow, with its subflows", flow, options);
  add_json(*one, options);
  one->add_option("ID", options->id, "as weir flows shows it")->required();
  add(app, chosen, "reload", "read the configuration again, as SIGHUP", reload, options);
  add(app, chosen, "drain", "take no new flows and end with the last one, as SIGTERM", drain, options);
}

}  // namespace weir::program
