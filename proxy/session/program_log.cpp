#include "proxy/session/program_log.hpp"

#include <memory>

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace weir::session {
namespace {

constexpr const char* kName = "weir";
constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%e%z %l %v";

// As strict as the one before.
void use(const std::shared_ptr<spdlog::logger>& logger) {
  logger->set_level(spdlog::get_level());
  spdlog::set_default_logger(logger);
  spdlog::set_pattern(kPattern);
}

}  // namespace

void open_program_log() {
  use(std::make_shared<spdlog::logger>(kName, std::make_shared<spdlog::sinks::stderr_sink_mt>()));
}

void write_program_log_aside() {
  constexpr std::size_t kQueued = 8192;
  spdlog::init_thread_pool(kQueued, 1);
  use(std::make_shared<spdlog::async_logger>(kName, std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                             spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest));
}

}  // namespace weir::session
