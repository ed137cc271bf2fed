// `weir explain`: the decision a flow would get, by the configuration or by the running gateway.
#include <cstdio>
#include <memory>
#include <string>

#include <boost/json.hpp>

#include "conf/reader.hpp"
#include "proxy/admin/client/client.hpp"
#include "proxy/admin/client/reports.hpp"
#include "proxy/admin/explain.hpp"
#include "proxy/program/command.hpp"
#include "proxy/program/gateway_call.hpp"

namespace weir::program {
namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

struct Request : GatewayCall {
  std::string from;
  std::string to;
  bool mptcp = false;
  std::string domain;
  std::string name_confirmed;
  std::vector<std::string> alpn;
  std::string interface;
  std::string method;
  std::string path;
  std::vector<std::string> headers;
  bool json = false;
  bool live = false;
};

Words words_of(const Request& request) {
  Words words{{"from", request.from}, {"to", request.to}, {"mptcp", request.mptcp ? "true" : "false"}};
  const auto add = [&words](const char* name, const std::string& value) {
    if (!value.empty()) words.emplace_back(name, value);
  };
  add("domain", request.domain);
  if (!request.name_confirmed.empty()) add("name_confirmed", request.name_confirmed == "yes" ? "true" : "false");
  for (const auto& protocol : request.alpn) add("alpn", protocol);
  add("interface", request.interface);
  // A path or a header alone is of a GET.
  const bool asks = !request.path.empty() || !request.headers.empty();
  add("method", request.method.empty() && asks ? "GET" : request.method);
  add("path", request.path);
  for (const auto& header : request.headers) add("header", header);
  return words;
}

int explain_live(const Request& request, const Words& words) {
  std::string target = "/api/v1/explain";
  for (std::size_t i = 0; i < words.size(); ++i)
    target += (i == 0 ? "?" : "&") + words[i].first + "=" + admin::query_escaped(words[i].second);
  return ask(request, boost::beast::http::verb::get, target,
             request.json ? show_json : show_report<admin::explanation_report>);
}

int explain(const Request& request) {
  const auto words = words_of(request);
  const auto question = admin::Question::parse(words);
  if (!question) return fail(kCallWasWrong, question.error());
  if (request.live) return explain_live(request, words);
  const auto reading = conf::read_file(request.configuration);
  for (const auto& problem : reading.problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  if (!reading.ok()) return kFailed;
  const admin::Known known{.intercept_ports = reading.settings.gateway.intercept_ports};
  const auto told = admin::explanation_json(*question, admin::explain(reading.policy, *question, known));
  if (request.json)
    show_json(told);
  else
    show_report<admin::explanation_report>(told);
  return kFine;
}

}  // namespace

void add_explain(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("explain", "the decision a flow would get, and every rule looked at");
  const auto request = std::make_shared<Request>();
  add_gateway_options(*command, *request);
  command->add_option("--from", request->from, "the client's address")->required()->type_name("ADDR");
  command->add_option("--to", request->to, "where the flow goes")->required()->type_name("ADDR:PORT");
  command->add_flag("--mptcp", request->mptcp, "the client asks for MPTCP");
  command->add_option("--domain", request->domain, "the name in its ClientHello or Host")->type_name("NAME");
  command->add_option("--name-confirmed", request->name_confirmed, "that name was seen to belong there; no by default")
      ->check(CLI::IsMember({"yes", "no"}))
      ->type_name("yes|no");
  command->add_option("--alpn", request->alpn, "a protocol it offers by ALPN; may be repeated")->type_name("NAME");
  command->add_option("--interface", request->interface, "where its SYN comes in")->type_name("NAME");
  command->add_option("--method", request->method, "of its HTTP request")->type_name("METHOD");
  command->add_option("--path", request->path, "of its HTTP request")->type_name("PATH");
  command->add_option("--header", request->headers, "of its HTTP request; may be repeated")->type_name("'K: V'");
  command->add_flag("--json", request->json, "one JSON object");
  command->add_flag("--live", request->live, "ask the running gateway: what it learned counts");
  command->callback([&chosen, request] { chosen = [request] { return explain(*request); }; });
}

}  // namespace weir::program
