#include "conf/reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <variant>

#include "conf/sections.hpp"

namespace weir::conf {
namespace {

constexpr std::size_t kLargestFile = std::size_t{16} * 1024 * 1024;

struct Unreadable {
  std::string reason;
};

// Reads to the end rather than asking for a size: /dev/stdin and pipes have none.
std::variant<std::string, Unreadable> contents(const std::filesystem::path& path) {
  const auto failed = [](int error) { return Unreadable{"cannot be read: " + std::system_category().message(error)}; };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (!file) return failed(errno);
  std::string text;
  std::array<char, 16384> piece{};
  while (const auto size = std::fread(piece.data(), 1, piece.size(), file.get())) {
    text.append(piece.data(), size);
    if (text.size() > kLargestFile) return Unreadable{"is larger than 16 MiB; a weir.toml never is"};
  }
  if (std::ferror(file.get()) != 0) return failed(errno);
  return text;
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
  read_mptcp(Section("[mptcp]", table_of(root, "mptcp", problems), problems), problems, settings.mptcp);
  read_admin(Section("[admin]", table_of(root, "admin", problems), problems), folder, settings.gateway, settings.admin);
  read_log(Section("[log]", table_of(root, "log", problems), problems), folder, settings.log);
  reading.problems = problems.in_order();
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
  const auto text = contents(file);
  if (const auto* unreadable = std::get_if<Unreadable>(&text)) {
    Problems problems(file.string());
    problems.add({}, "the file " + unreadable->reason);
    return {.settings = {}, .problems = problems.in_order()};
  }
  return read_text(std::get<std::string>(text), file.string());
}

}  // namespace weir::conf
