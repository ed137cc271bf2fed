// [log]
#include "conf/sections.hpp"

namespace weir::conf {
namespace {

void read_place(Section& section, std::string_view key, const std::filesystem::path& folder, std::string& place) {
  const auto* node = section.read(key, place);
  if (node == nullptr || place == "stdout" || place == "off") return;
  if (place.empty())
    section.problem(*node, std::string(key) + " must be a path, \"stdout\" or \"off\"");
  else
    place = (folder / place).string();
}

}  // namespace

void read_log(Section section, const std::filesystem::path& folder, LogSettings& log) {
  section.read<LogLevel>("level", log.level,
                         {{"trace", LogLevel::trace},
                          {"debug", LogLevel::debug},
                          {"info", LogLevel::info},
                          {"warn", LogLevel::warn},
                          {"error", LogLevel::error}});
  read_place(section, "flows", folder, log.flows);
  read_place(section, "events", folder, log.events);
  read_place(section, "requests", folder, log.requests);
  section.read("request_query", log.request_query);
  section.finish();
}

}  // namespace weir::conf
