#include "proxy/relay/resources.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace weir::relay {
namespace {

// One read of a busy stream. Larger ones were not measured to cost less.
constexpr std::size_t kScratch = 128 * 1024;
// Splicing pays with large pipes only: at the kernel's 64 KiB it costs what copying does, at this a third less.
constexpr int kPipeSize = 1024 * 1024;
constexpr std::size_t kIdlePipes = 32;

}  // namespace

Resources::Resources(std::size_t most_pipes) : scratch_(kScratch), pipes_left_(most_pipes) {
  idle_pipes_.reserve(kIdlePipes);
}

std::optional<Pipe> Resources::borrow_pipe() {
  if (!idle_pipes_.empty()) {
    auto pipe = std::move(idle_pipes_.back());
    idle_pipes_.pop_back();
    return pipe;
  }
  std::array<int, 2> ends{};
  if (pipes_left_ == 0 || pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return std::nullopt;
  Pipe pipe{net::Descriptor(ends[0]), net::Descriptor(ends[1])};
  // Refused over the account's quota (fs.pipe-user-pages-soft), where it would have two pages: copying is better.
  if (fcntl(ends[0], F_SETPIPE_SZ, kPipeSize) < 0) return std::nullopt;
  --pipes_left_;
  return pipe;
}

void Resources::give_back(Pipe pipe) {
  if (idle_pipes_.size() < kIdlePipes)
    idle_pipes_.push_back(std::move(pipe));
  else
    drop(std::move(pipe));
}

void Resources::drop(Pipe pipe) {
  pipe.read_end.close();
  pipe.write_end.close();
  ++pipes_left_;
}

}  // namespace weir::relay
