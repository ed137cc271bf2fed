#include <cstdio>
#include <exception>

#include "proxy/program/command.hpp"

namespace {

constexpr int kCallWasWrong = 2;

int run(int argc, char** argv) {
  CLI::App app{"weir: a transparent gateway for Multipath TCP", "weir"};
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  weir::program::Action chosen;
  weir::program::add_run(app, chosen);
  weir::program::add_check(app, chosen);
  weir::program::add_client_commands(app, chosen);
  weir::program::add_bypass(app, chosen);
  weir::program::add_exceptions(app, chosen);
  weir::program::add_ca(app, chosen);
  weir::program::add_explain(app, chosen);
  weir::program::add_net(app, chosen);
  weir::program::add_doctor(app, chosen);
  weir::program::add_version(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kCallWasWrong;
  }
  return chosen();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "weir: error: %s\n", error.what());
    return 1;
  }
}
