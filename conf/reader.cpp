#include "conf/reader.hpp"

#include <algorithm>

#include "conf/file_text.hpp"
#include "conf/policy_sections.hpp"
#include "conf/sections.hpp"

namespace weir::conf {
namespace {

constexpr std::size_t kLargestFile = std::size_t{16} * 1024 * 1024;

const toml::table* table_of(const toml::table& root, std::string_view name, Problems& problems) {
  const auto* node = root.get(name);
  if (node == nullptr || node->is_table()) return node == nullptr ? nullptr : node->as_table();
  problems.add(node->source(), "'" + std::string(name) + "' must be a table: [" + std::string(name) + "]");
  return nullptr;
}

void check_top_level(const toml::table& root, Problems& problems) {
  static const std::vector<std::string_view> kTables{"gateway", "mptcp", "bypass", "tls",   "rule",
                                                     "http",    "quic",  "dns",    "admin", "log"};
  for (const auto& [key, node] : root) {
    if (std::ranges::find(kTables, key.str()) != kTables.end()) continue;
    const bool is_table = node.is_table() || node.is_array_of_tables();
    problems.add(key.source(), std::string("unknown ") + (is_table ? "table" : "key outside any table,") + " '" +
                                   printable(key.str()) + "'" + suggestion(key.str(), kTables));
  }
}

Reading read_table(const toml::table& root, const std::string& file_name) {
  Reading reading;
  Problems problems(file_name);
  const auto folder = std::filesystem::path(file_name).parent_path();
  auto& settings = reading.settings;
  check_top_level(root, problems);
  read_gateway(Section("[gateway]", table_of(root, "gateway", problems), problems), settings.gateway);
  read_mptcp(Section("[mptcp]", table_of(root, "mptcp", problems), problems), problems, settings.mptcp,
             reading.policy.on_syn);
  read_tls(Section("[tls]", table_of(root, "tls", problems), problems), problems, folder, settings.tls,
           reading.policy.tls);
  read_http(Section("[http]", table_of(root, "http", problems), problems), settings.http);
  read_quic(Section("[quic]", table_of(root, "quic", problems), problems), settings.quic);
  read_dns(Section("[dns]", table_of(root, "dns", problems), problems), settings.dns);
  const Surroundings around{folder, settings.gateway.intercept_ports, settings.gateway.client_interfaces,
                            !settings.dns.watch.empty()};
  read_bypasses(root, around, problems, reading.policy);
  read_rules(root, around, problems, reading.policy);
  read_admin(Section("[admin]", table_of(root, "admin", problems), problems), folder, settings.gateway, settings.admin);
  read_log(Section("[log]", table_of(root, "log", problems), problems), folder, settings.log);
  settings.list_files = problems.list_files();
  reading.problems = problems.in_order();
  return reading;
}

Reading read_admin_table(const toml::table& root, const std::string& file_name) {
  Reading reading;
  Problems problems(file_name);
  const auto folder = std::filesystem::path(file_name).parent_path();
  GatewaySettings no_ports;
  no_ports.intercept_ports.clear();
  read_admin(Section("[admin]", table_of(root, "admin", problems), problems), folder, no_ports, reading.settings.admin);
  reading.problems = problems.in_order();
  return reading;
}

using ReadTable = Reading (*)(const toml::table&, const std::string& file_name);

Reading parse(std::string_view text, const std::string& file_name, ReadTable read) {
  try {
    return read(toml::parse(text, file_name), file_name);
  } catch (const toml::parse_error& error) {
    Problems problems(file_name);
    constexpr std::size_t kMost = 400;
    problems.add(error.source(), printable(error.description(), kMost));  // it quotes the file as it is
    Reading reading;
    reading.problems = problems.in_order();
    return reading;
  }
}

Reading parse_file(const std::filesystem::path& file, ReadTable read) {
  const auto text = read_whole(file, kLargestFile);
  if (text) return parse(*text, file.string(), read);
  Reading reading;
  reading.problems.push_back({.file = file.string(), .message = "the file " + text.error()});
  return reading;
}

}  // namespace

std::string Problem::text() const {
  const auto place = line == 0 ? "" : ":" + std::to_string(line) + ":" + std::to_string(column);
  return file + place + ": error: " + message;
}

Reading read_text(std::string_view text, const std::string& file_name) { return parse(text, file_name, read_table); }

Reading read_file(const std::filesystem::path& file) { return parse_file(file, read_table); }

Reading read_admin_section(const std::filesystem::path& file) { return parse_file(file, read_admin_table); }

}  // namespace weir::conf
