#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/prctl.h>
#include <sys/resource.h>

#include <spdlog/spdlog.h>

#include "conf/reader.hpp"
#include "proxy/program/command.hpp"
#include "proxy/session/gateway.hpp"
#include "proxy/session/program_log.hpp"

namespace weir::program {
namespace {

// Keys are in memory: it is neither dumped, nor read by other processes of the same user.
void hide_memory() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
    std::fprintf(stderr, "weir: warning: core dumps cannot be turned off: %s\n", std::strerror(errno));
}

int run(const std::filesystem::path& file) {
  auto reading = conf::read_file(file);
  for (const auto& problem : reading.problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  if (!reading.ok()) return 1;
  hide_memory();
  session::open_program_log();
  session::Gateway gateway(file, std::move(reading.settings), std::move(reading.policy), WEIR_VERSION);
  const auto result = gateway.run();
  spdlog::shutdown();
  if (!result) std::fprintf(stderr, "weir: error: %s\n", result.error().c_str());
  return result ? 0 : 1;
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("run", "run the gateway in the foreground");
  auto file = std::make_shared<std::string>(kDefaultConfiguration);
  command->add_option("-c,--config", *file, "the configuration")->type_name("FILE")->capture_default_str();
  command->callback([&chosen, file] { chosen = [file] { return run(*file); }; });
}

}  // namespace weir::program
