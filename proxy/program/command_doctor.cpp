#include <cstdio>
#include <memory>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "conf/reader.hpp"
#include "pki/authority.hpp"
#include "proxy/admin/client/reports.hpp"
#include "proxy/kernel/account.hpp"
#include "proxy/kernel/probe.hpp"
#include "proxy/program/command.hpp"
#include "proxy/program/gateway_call.hpp"

namespace weir::program {
namespace {

using kernel::Finding;

struct Request : GatewayCall {
  bool json = false;
  bool joins = false;
};

const char* word(Finding::Level level) {
  switch (level) {
    case Finding::Level::fine: return "fine";
    case Finding::Level::warning: return "warning";
    case Finding::Level::fatal: return "fatal";
  }
  return "";
}

void print(const Finding& finding) {
  std::printf("%-8s %-14s %s%s%s\n", word(finding.level), finding.name.c_str(), finding.text.c_str(),
              finding.remedy.empty() ? "" : "; ", finding.remedy.c_str());
}

void print_json(const std::vector<Finding>& findings) {
  boost::json::array lines;
  for (const auto& finding : findings) {
    boost::json::object line;
    line["level"] = word(finding.level);
    line["name"] = finding.name;
    line["text"] = finding.text;
    line["remedy"] = finding.remedy;
    lines.push_back(std::move(line));
  }
  std::printf("%s\n", boost::json::serialize(lines).c_str());
}

Finding check_loaded(const pki::Authority& authority, bool decrypts) {
  constexpr int kShort = 30;
  const auto left = std::chrono::floor<std::chrono::days>(authority.expires() - std::chrono::system_clock::now());
  Finding finding{Finding::Level::fine,
                  "CA",
                  pki::subject(*authority.root()) + ", " + std::to_string(left.count()) + " days left" +
                      (decrypts ? "" : "; nothing is decrypted, so it is not used"),
                  {}};
  if (left.count() >= kShort) return finding;
  finding.level = Finding::Level::warning;
  finding.remedy = "make another with `weir ca init` at another path, have clients install it, and name it in [tls]";
  return finding;
}

// Whether the certificates that clients are to meet can be signed.
Finding check_authority(const conf::TlsSettings& tls, bool decrypts) {
  const auto authority = pki::Authority::load(tls.ca_certificate, tls.ca_key);
  if (authority) return check_loaded(*authority, decrypts);
  std::error_code ignored;
  const bool is_there = std::filesystem::exists(tls.ca_certificate, ignored);
  if (!is_there && decrypts)
    return {Finding::Level::fatal, "CA", tls.ca_certificate.string() + " is not there", "make one with `weir ca init`"};
  if (!is_there) return {Finding::Level::fine, "CA", "none is needed: nothing is decrypted", {}};
  return {decrypts ? Finding::Level::fatal : Finding::Level::warning, "CA", authority.error(),
          "or make another with `weir ca init`"};
}

// Whose files they are is judged as the account that will read them; that it cannot be had is a finding already.
void become_reader(const conf::Settings& settings) {
  const auto account = kernel::account_to_become(settings.gateway.user);
  if (account && *account) (void)kernel::become(**account);
}

// The host is looked at with the defaults where the configuration is no help.
std::vector<Finding> examine(const std::string& file) {
  auto reading = conf::read_file(file);
  std::vector<Finding> findings;
  if (reading.ok()) {
    findings.push_back({Finding::Level::fine, "configuration", file + " reads well", {}});
  } else {
    findings.push_back({Finding::Level::fatal, "configuration", reading.problems.front().text(),
                        "see `weir check` for every problem; the rest is judged by the defaults"});
    reading.settings = {};
    reading.policy = {};
  }
  for (auto& finding : kernel::probe_host(reading.settings)) findings.push_back(std::move(finding));
  become_reader(reading.settings);
  findings.push_back(check_authority(reading.settings.tls, reading.policy.decrypts()));
  return findings;
}

// Of the running gateway: why paths fail.
int explain_joins(const Request& request) {
  return ask(request, boost::beast::http::verb::get, "/api/v1/joins",
             request.json ? show_json : show_report<admin::joins_report>);
}

int doctor(const Request& request) {
  if (request.joins) return explain_joins(request);
  const auto findings = examine(request.configuration);
  bool stopped = false;
  for (const auto& finding : findings) stopped = stopped || finding.level == Finding::Level::fatal;
  if (request.json) {
    print_json(findings);
  } else {
    for (const auto& finding : findings) print(finding);
  }
  return stopped ? 1 : 0;
}

}  // namespace

void add_doctor(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("doctor", "what this host offers, and what would stop weir here");
  auto request = std::make_shared<Request>();
  add_gateway_options(*command, *request);
  command->add_flag("--json", request->json, "as JSON");
  command->add_flag("--joins", request->joins,
                    "of the running gateway: a sentence for each client's paths, and why they fail");
  command->callback([&chosen, request] { chosen = [request] { return doctor(*request); }; });
}

}  // namespace weir::program
