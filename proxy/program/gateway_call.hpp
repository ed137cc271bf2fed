// What the commands that ask a running gateway share: which one is meant, and how its answer is shown.
#pragma once

#include <memory>
#include <string>

#include <boost/beast/http/verb.hpp>
#include <boost/json/fwd.hpp>
#include <boost/system/result.hpp>

#include "proxy/admin/client/client.hpp"
#include "proxy/program/command.hpp"

namespace weir::program {

inline constexpr int kFine = 0;
inline constexpr int kFailed = 1;
inline constexpr int kCallWasWrong = 2;

int fail(int code, const std::string& sentence);

struct GatewayCall {
  std::string configuration = kDefaultConfiguration;
  std::string admin;
  std::string token_file;
  // Only whether it answers: that anybody may ask, so no token's file need be readable; one that hangs does not, and a
  // file that was mistyped since is no reason to say so.
  bool is_probe = false;
};

// Which gateway is meant: by --admin, else by the configuration that it runs with.
boost::system::result<admin::Client, std::string> find_gateway(const GatewayCall&);

// -c, --admin and --token-file; the call outlives the command.
void add_gateway_options(CLI::App& command, GatewayCall&);

// A subcommand that asks the gateway; `Request` is a GatewayCall with what the command asks for besides.
template <typename Request>
CLI::App* add_gateway_command(CLI::App& parent, Action& chosen, const char* name, const char* help,
                              const std::shared_ptr<Request>& request, int (*run)(const Request&)) {
  auto* command = parent.add_subcommand(name, help);
  add_gateway_options(*command, *request);
  command->callback([&chosen, request, run] { chosen = [request, run] { return run(*request); }; });
  return command;
}

// Asks, and hands a success's body to `show`.
int ask(const GatewayCall&, boost::beast::http::verb, const std::string& target, void (*show)(const std::string& body),
        std::string body = {});

void show_json(const std::string& body);

std::string report_of(const std::string& body, std::string (*report)(const boost::json::value&));
template <std::string (*report)(const boost::json::value&)>
void show_report(const std::string& body) {
  std::fputs(report_of(body, report).c_str(), stdout);
}

}  // namespace weir::program
