#include <cstdio>

#include <boost/version.hpp>
#include <spdlog/version.h>
#include <toml++/toml.h>

#include "proxy/program/command.hpp"

namespace weir::program {

void add_version(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("version", "version, build and libraries");
  command->callback([&chosen] {
    chosen = [] {
      std::printf("weir %s (%s, %s)\n", WEIR_VERSION, WEIR_BUILD, "g++ " __VERSION__);
      std::printf("Boost %d.%d.%d, toml++ %d.%d.%d, spdlog %d.%d.%d\n", BOOST_VERSION / 100000,
                  BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100, TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH,
                  SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH);
      return 0;
    };
  });
}

}  // namespace weir::program
