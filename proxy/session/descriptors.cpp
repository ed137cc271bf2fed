#include "proxy/session/descriptors.hpp"

#include <algorithm>
#include <filesystem>

#include <sys/resource.h>

namespace weir::session {
namespace {

constexpr std::size_t kReserve = 24;  // admin connections, files reopened at a reload
constexpr std::size_t kMostPipesAWorker = 256;
constexpr std::size_t kPipeShare = 16;  // at most 1/16 of the descriptors may be pipes

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

DescriptorBudget share_descriptors(std::size_t limit, std::size_t open_now, std::size_t workers) {
  const auto taken = open_now + kReserve;
  const auto left = limit > taken ? limit - taken : 0;
  DescriptorBudget budget;
  budget.pipes_a_worker = std::min(kMostPipesAWorker, left / kPipeShare / 2 / workers);
  budget.flows = std::max<std::size_t>(1, (left - budget.pipes_a_worker * 2 * workers) / 2);
  return budget;
}

std::size_t open_descriptors() {
  std::error_code ignored;
  const std::filesystem::directory_iterator entries("/proc/self/fd", ignored);
  return static_cast<std::size_t>(std::distance(entries, std::filesystem::directory_iterator{}));
}

}  // namespace weir::session
