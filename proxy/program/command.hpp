// The commands of the program. Each `add_…` declares its subcommand and, when the user chose it, sets `chosen` to what
// runs it. Exit codes: 0 fine, 1 the thing asked failed, 2 the call was wrong.
#pragma once

#include <filesystem>
#include <functional>

#include <CLI/CLI.hpp>

namespace weir::program {

inline constexpr const char* kDefaultConfiguration = "/etc/weir/weir.toml";

using Action = std::function<int()>;

void add_run(CLI::App&, Action& chosen);
void add_check(CLI::App&, Action& chosen);
void add_client_commands(CLI::App&, Action& chosen);  // status, health, flows, flow, reload, drain
void add_bypass(CLI::App&, Action& chosen);           // bypass list, add, remove
void add_ca(CLI::App&, Action& chosen);               // ca init, show, export
void add_exceptions(CLI::App&, Action& chosen);       // exceptions list, remove
void add_explain(CLI::App&, Action& chosen);
void add_net(CLI::App&, Action& chosen);
void add_doctor(CLI::App&, Action& chosen);
void add_version(CLI::App&, Action& chosen);

}  // namespace weir::program
