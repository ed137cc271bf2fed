#include <cstdio>

#include "conf/reader.hpp"
#include "proxy/program/command.hpp"

namespace weir::program {
namespace {

int check(const std::filesystem::path& file) {
  const auto reading = conf::read_file(file);
  for (const auto& problem : reading.problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  if (reading.ok()) std::printf("%s: fine\n", file.c_str());
  return reading.ok() ? 0 : 1;
}

}  // namespace

void add_check(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("check", "read the configuration as `run` would, and show every problem in it");
  auto file = std::make_shared<std::string>(kDefaultConfiguration);
  command->add_option("-c,--config", *file, "the configuration")->type_name("FILE")->capture_default_str();
  command->callback([&chosen, file] { chosen = [file] { return check(*file); }; });
}

}  // namespace weir::program
