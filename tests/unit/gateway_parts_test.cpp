// The small parts of the gateway: descriptor budget, event ring, line log.
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/session/descriptors.hpp"
#include "proxy/session/event_ring.hpp"
#include "proxy/session/line_log.hpp"
#include "tests/unit/catch.hpp"

using namespace weir;

TEST_CASE("descriptors are shared so that no flow fails for want of one") {
  for (const std::size_t limit : {64U, 256U, 1024U, 20'000U, 1'000'000U}) {
    const std::size_t open_now = 40;
    const std::size_t workers = 2;
    const auto budget = session::share_descriptors(limit, open_now, workers);
    CHECK(budget.flows >= 1);
    if (limit > 128) CHECK(open_now + budget.flows * 2 + budget.pipes_a_worker * workers * 2 <= limit);
  }
  CHECK(session::share_descriptors(20'000, 40, 2).flows > 9'000);
}

TEST_CASE("the event ring numbers events and forgets the oldest") {
  session::EventRing ring;
  for (int i = 0; i < 1500; ++i) ring.add({.sequence = 0, .at = {}, .kind = "x", .fields = {}});
  const auto all = ring.after(0);
  CHECK(all.size() == 1000);
  CHECK(all.front().sequence == 501);
  CHECK(ring.after(1499).size() == 1);
}

namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("the line log writes all it took before it ends, and follows a rotated file") {
  const auto folder = std::filesystem::temp_directory_path() / ("weir-log-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const auto file = folder / "flows";
  {
    session::LineLog log;
    REQUIRE_FALSE(log.open(file.string()));
    CHECK(log.write("one\n"));
  }
  CHECK(content(file) == "one\n");
  {
    session::LineLog log;
    REQUIRE_FALSE(log.open(file.string()));
    std::filesystem::rename(file, folder / "flows.1");
    REQUIRE_FALSE(log.open(file.string()));
    CHECK(log.write("two\n"));
  }
  CHECK(content(file) == "two\n");
  session::LineLog log;
  CHECK(log.open((folder / "no" / "such").string()));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a log whose reader stopped drops lines instead of waiting, also at its end") {
  const auto pipe = std::filesystem::temp_directory_path() / ("weir-fifo-" + std::to_string(::getpid()));
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const net::Descriptor reader(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  {
    session::LineLog log;
    REQUIRE_FALSE(log.open(pipe.string()));
    bool dropped = false;
    for (int i = 0; i < 100 && !dropped; ++i) dropped = !log.write(std::string(1024 * 1024, 'x'));
    CHECK(dropped);
  }
  std::filesystem::remove(pipe);
}

// A limit on a file's size fails a write as a full disk does.
TEST_CASE("a line that a full disk cut spoils no other, and is counted") {
  const auto file = std::filesystem::temp_directory_path() / ("weir-full-" + std::to_string(::getpid()));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto on_excess = std::signal(SIGXFSZ, SIG_IGN);
  {
    session::LineLog log;
    REQUIRE_FALSE(log.open(file.string()));
    const rlimit tight{.rlim_cur = 10, .rlim_max = before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &tight) == 0);
    CHECK(log.write("0123456789abc\n"));
    while (log.lost() < 1) std::this_thread::yield();
    CHECK(log.write("lost\nlost\n"));
    while (log.lost() < 3) std::this_thread::yield();
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(log.write("two\n"));
  }
  std::signal(SIGXFSZ, on_excess);
  CHECK(content(file) == "0123456789\ntwo\n");
  std::filesystem::remove(file);
}

TEST_CASE("several logs to one output do not cut each other's lines") {
  const auto pipe = std::filesystem::temp_directory_path() / ("weir-fifo-" + std::to_string(::getpid()));
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const net::Descriptor reader(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  constexpr std::size_t kLines = 5000;
  std::string all;
  {
    session::LineLog one;
    session::LineLog two;
    REQUIRE_FALSE(one.open(pipe.string()));
    REQUIRE_FALSE(two.open(pipe.string()));
    std::string ones;
    std::string twos;
    for (std::size_t i = 0; i < kLines; ++i) {
      ones += std::string(150 + i % 50, '1') + "\n";
      twos += std::string(150 + i % 50, '2') + "\n";
    }
    const auto size = ones.size() + twos.size();
    CHECK(one.write(std::move(ones)));
    CHECK(two.write(std::move(twos)));
    std::array<char, 65536> part{};
    while (all.size() < size)
      all.append(part.data(), static_cast<std::size_t>(::read(reader.get(), part.data(), 1000)));
  }
  std::istringstream lines(all);
  std::size_t whole = 0;
  for (std::string line; std::getline(lines, line);)
    whole += line.size() < 200 && line.find_first_not_of(line.front()) == std::string::npos ? 1U : 0U;
  CHECK(whole == 2 * kLines);
  std::filesystem::remove(pipe);
}
