#include "conf/reader.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "conf/sections.hpp"

namespace weir::conf {
namespace {

constexpr std::uintmax_t kLargestFile = 16 * 1024 * 1024;

Problem unplaced(const std::string& file, std::string message) {
  return {.file = file, .line = 0, .column = 0, .message = std::move(message)};
}

const toml::table* table_of(const toml::table& root, std::string_view name, Problems& problems) {
  const auto* node = root.get(name);
  if (node == nullptr || node->is_table()) return node == nullptr ? nullptr : node->as_table();
  problems.add(node->source(), "'" + std::string(name) + "' must be a table: [" + std::string(name) + "]");
  return nullptr;
}

void check_top_level(const toml::table& root, Problems& problems) {
  static const std::vector<std::string_view> kTables{"gateway", "mptcp", "admin", "log"};
  for (const auto& [key, node] : root) {
    if (std::ranges::find(kTables, key.str()) != kTables.end()) continue;
    problems.add(key.source(), "unknown " +
                                   std::string(node.is_table() || node.is_array_of_tables() ? "table" : "key") + " '" +
                                   std::string(key.str()) + "'" + suggestion(key.str(), kTables));
  }
}

Reading read_table(const toml::table& root, const std::string& file_name) {
  Reading reading;
  Problems problems(file_name);
  const auto folder = std::filesystem::path(file_name).parent_path();
  auto& settings = reading.settings;
  check_top_level(root, problems);
  read_gateway(Section("[gateway]", table_of(root, "gateway", problems), problems), settings.gateway);
  read_mptcp(Section("[mptcp]", table_of(root, "mptcp", problems), problems), problems, settings.mptcp);
  read_admin(Section("[admin]", table_of(root, "admin", problems), problems), folder, settings.gateway, settings.admin);
  read_log(Section("[log]", table_of(root, "log", problems), problems), folder, settings.log);
  reading.problems = problems.in_order();
  const auto* gateway = root["gateway"].as_table();
  if (reading.ok() && (gateway == nullptr || !gateway->contains("client_interfaces")))
    reading.problems.push_back(
        unplaced(file_name,
                 "gateway.client_interfaces is missing; name the interfaces where clients' packets arrive, such as "
                 "client_interfaces = [\"lan0\"]"));
  return reading;
}

}  // namespace

std::string Problem::text() const {
  const auto place = line == 0 ? "" : ":" + std::to_string(line) + ":" + std::to_string(column);
  return file + place + ": error: " + message;
}

Reading read_text(std::string_view text, const std::string& file_name) {
  try {
    return read_table(toml::parse(text, file_name), file_name);
  } catch (const toml::parse_error& error) {
    Problems problems(file_name);
    problems.add(error.source(), std::string(error.description()));
    return {.settings = {}, .problems = problems.in_order()};
  }
}

Reading read_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return {.settings = {}, .problems = {unplaced(file.string(), "cannot read the file: " + error.message())}};
  if (size > kLargestFile)
    return {.settings = {},
            .problems = {unplaced(file.string(), "the file is larger than 16 MiB; it is no weir.toml")}};
  std::ifstream in(file, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(size)))
    return {.settings = {},
            .problems = {unplaced(
                file.string(), "cannot read the file: " + std::error_code(errno, std::system_category()).message())}};
  return read_text(text, file.string());
}

}  // namespace weir::conf
