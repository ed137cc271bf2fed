// `weir net show|up|down`: the kernel rules and routes without the gateway (gateway.manage_network = false).
#include <cstdio>
#include <memory>
#include <string>

#include "conf/reader.hpp"
#include "proxy/kernel/network.hpp"
#include "proxy/kernel/socket_owner.hpp"
#include "proxy/program/command.hpp"

namespace weir::program {
namespace {

int failed(const std::string& error) {
  std::fprintf(stderr, "weir: error: %s\n", error.c_str());
  return 1;
}

// What a running weir has installed is its own to change.
bool weir_runs(const char* what) {
  const auto instance = kernel::other_instance();
  if (instance) {
    failed("a weir runs here, " + kernel::text(instance->process) +
           ", and looks after its rules itself: stop it before `weir net " + what + "`");
  }
  return instance.has_value();
}

int with_settings(const std::string& file, int (*act)(kernel::Network&, const kernel::Wanted&)) {
  const auto reading = conf::read_file(file);
  for (const auto& problem : reading.problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  if (!reading.ok()) return 1;
  auto network = kernel::Network::open();
  return network ? act(*network, {.settings = reading.settings, .policy = reading.policy}) : failed(network.error());
}

int show(kernel::Network& network, const kernel::Wanted& wanted) {
  std::printf("%s", network.describe(wanted).c_str());
  return 0;
}

int up(kernel::Network& network, const kernel::Wanted& wanted) {
  if (weir_runs("up")) return 1;
  const auto installed = network.install(wanted);
  return installed ? 0 : failed(installed.error());
}

// Needs no configuration: the table itself says what to put back.
int down() {
  if (weir_runs("down")) return 1;
  auto network = kernel::Network::open();
  if (!network) return failed(network.error());
  const auto removed = network->remove();
  return removed ? 0 : failed(removed.error());
}

void add_configured(CLI::App& net, const char* name, const char* help, Action& chosen,
                    int (*act)(kernel::Network&, const kernel::Wanted&)) {
  auto* command = net.add_subcommand(name, help);
  auto file = std::make_shared<std::string>(kDefaultConfiguration);
  command->add_option("-c,--config", *file, "the configuration")->type_name("FILE")->capture_default_str();
  command->callback([&chosen, file, act] { chosen = [file, act] { return with_settings(*file, act); }; });
}

}  // namespace

void add_net(CLI::App& app, Action& chosen) {
  auto* net = app.add_subcommand("net", "the kernel rules, routes and settings");
  net->require_subcommand(1);
  add_configured(*net, "show", "print them, and what of them is in force", chosen, show);
  add_configured(*net, "up", "install them (`run` does it by itself unless gateway.manage_network = false)", chosen,
                 up);
  auto* command = net->add_subcommand("down", "remove them and put back what was before, also after a killed weir");
  command->add_option("-c,--config", "taken for symmetry; the rules themselves say what to undo")->type_name("FILE");
  command->callback([&chosen] { chosen = down; });
}

}  // namespace weir::program
