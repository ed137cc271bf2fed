#include "proxy/program/gateway_call.hpp"

#include <cstdio>

#include <boost/json.hpp>

#include "conf/reader.hpp"
#include "proxy/admin/client/reports.hpp"
#include "proxy/admin/client/terminal.hpp"

namespace weir::program {

constexpr std::chrono::seconds kProbes{3};

boost::system::result<admin::Client, std::string> find_gateway(const GatewayCall& call) {
  admin::Client client;
  if (call.is_probe) client.connect_timeout = client.answer_timeout = kProbes;
  std::filesystem::path token_file = call.token_file;
  if (!call.admin.empty()) {
    client.at = *policy::Endpoint::parse(call.admin);
  } else {
    const auto reading = conf::read_admin_section(call.configuration);
    if (!reading.ok() && !call.is_probe)
      return reading.problems.front().text() + "\nname a file that can be read with -c, or the gateway with --admin";
    client.at = reading.settings.admin.listen;
    if (token_file.empty()) token_file = reading.settings.admin.token_file;
  }
  if (token_file.empty() || call.is_probe) return client;
  auto token = admin::Token::read(token_file);
  if (!token) return token.error();
  client.token = std::move(*token);
  return client;
}

namespace {

std::string is_endpoint(const std::string& text) {
  return policy::Endpoint::parse(text) ? "" : "is an address and a port, such as 127.0.0.1:9080 or [::1]:9080";
}

}  // namespace

int fail(int code, const std::string& sentence) {
  std::fprintf(stderr, "weir: error: %s\n", sentence.c_str());
  return code;
}

void add_gateway_options(CLI::App& command, GatewayCall& call) {
  auto* file = command.add_option("-c,--config", call.configuration, "the file that the gateway runs with");
  file->type_name("FILE")->capture_default_str();
  command.add_option("--admin", call.admin, "where the gateway's admin service listens, instead of -c")
      ->type_name("ADDR:PORT")
      ->check(is_endpoint)
      ->excludes(file);
  command.add_option("--token-file", call.token_file, "the file with the admin service's token")->type_name("FILE");
}

int ask(const GatewayCall& call, boost::beast::http::verb method, const std::string& target,
        void (*show)(const std::string& body), std::string body) {
  const auto client = find_gateway(call);
  if (!client) return fail(kFailed, client.error());
  const auto answer = admin::ask_gateway(*client, method, target, std::move(body));
  if (!answer) return fail(kFailed, answer.error());
  if (answer->status >= 300) return fail(kFailed, admin::problem_report(answer->status, answer->body));
  show(answer->body);
  return kFine;
}

void show_json(const std::string& body) { std::fputs(admin::terminal_safe_json(body).c_str(), stdout); }

std::string report_of(const std::string& body, std::string (*report)(const boost::json::value&)) {
  return report(boost::json::parse(body));
}

}  // namespace weir::program
