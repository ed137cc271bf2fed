// log.level as spdlog has it.
#pragma once

#include <spdlog/spdlog.h>

#include "conf/settings.hpp"

namespace weir::session {

inline void set_log_level(conf::LogLevel level) {
  switch (level) {
    case conf::LogLevel::trace: return spdlog::set_level(spdlog::level::trace);
    case conf::LogLevel::debug: return spdlog::set_level(spdlog::level::debug);
    case conf::LogLevel::info: return spdlog::set_level(spdlog::level::info);
    case conf::LogLevel::warn: return spdlog::set_level(spdlog::level::warn);
    case conf::LogLevel::error: return spdlog::set_level(spdlog::level::err);
  }
}

}  // namespace weir::session
