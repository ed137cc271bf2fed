#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "conf/closed_file.hpp"
#include "conf/reader.hpp"
#include "proxy/admin/token.hpp"
#include "proxy/kernel/account.hpp"
#include "proxy/program/command.hpp"
#include "proxy/session/decryption.hpp"

namespace weir::program {
namespace {

// As the account that weir runs as: a log's file is made if it is not there, its folder is not.
std::string problem_with_log(const char* key, const std::filesystem::path& place) {
  if (place == "off" || place == "stdout") return {};
  std::error_code none;
  const bool is_there = std::filesystem::exists(place, none);
  const auto folder = place.has_parent_path() ? place.parent_path() : std::filesystem::path(".");
  if (faccessat(AT_FDCWD, (is_there ? place : folder).c_str(), is_there ? W_OK : W_OK | X_OK, AT_EACCESS) == 0)
    return {};
  const auto why = std::system_category().message(errno);
  return std::string(key) + ": " + place.string() + (is_there ? " cannot be written: " : " cannot be made: ") + why;
}

// What `run` reads besides the configuration, as the account that it would be by then; a sentence where it cannot.
std::string problem_besides(const conf::Reading& reading) {
  const auto account = kernel::account_to_become(reading.settings.gateway.user);
  if (!account) return account.error();
  if (*account)
    if (const auto became = kernel::become(**account); !became) return became.error();
  if (const auto& token_file = reading.settings.admin.token_file; !token_file.empty())
    if (const auto token = admin::Token::read(token_file); !token)
      return "admin.token_file: " + token.error() + conf::remedy_where_closed(token_file, conf::Use::read);
  if (reading.policy.decrypts())
    if (const auto decryption = session::Decryption::prepare(reading.settings.tls); !decryption)
      return "[tls]: " + decryption.error();
  const auto& log = reading.settings.log;
  for (const auto& [key, place] : {std::pair{"log.flows", &log.flows}, std::pair{"log.events", &log.events},
                                   std::pair{"log.requests", &log.requests}})
    if (auto problem = problem_with_log(key, *place); !problem.empty()) return problem;
  return {};
}

int check(const std::filesystem::path& file) {
  const auto reading = conf::read_file(file);
  for (const auto& problem : reading.problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  if (!reading.ok()) return 1;
  if (const auto problem = problem_besides(reading); !problem.empty()) {
    std::fprintf(stderr, "%s: error: %s\n", file.c_str(), problem.c_str());
    return 1;
  }
  std::printf("%s: fine\n", file.c_str());
  return 0;
}

}  // namespace

void add_check(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("check", "read the configuration as `run` would, and show every problem in it");
  auto file = std::make_shared<std::string>(kDefaultConfiguration);
  command->add_option("-c,--config", *file, "the configuration")->type_name("FILE")->capture_default_str();
  command->callback([&chosen, file] { chosen = [file] { return check(*file); }; });
}

}  // namespace weir::program
