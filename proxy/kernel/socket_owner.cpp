#include "proxy/kernel/socket_owner.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <unistd.h>

namespace weir::kernel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInstance = "@weir-gateway";
constexpr std::string_view kListen = "0A";  // TCP_LISTEN, as /proc/net/tcp prints it

std::string contents(const fs::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

template <class Take>
void each_line(std::string_view text, Take&& take) {
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
    take(words);
  }
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool holds(const fs::path& process, const std::string& wanted) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end; entry.increment(error)) {
    std::error_code unreadable;
    if (fs::read_symlink(*entry, unreadable) == wanted) return true;
  }
  return false;
}

std::string name_of(const fs::path& process) {
  auto name = contents(process / "comm");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

}  // namespace

std::vector<Inode> listeners_in(std::string_view proc_net_tcp, std::uint16_t port) {
  // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
  constexpr std::size_t kLocal = 1, kState = 3, kInode = 9;
  std::vector<Inode> found;
  each_line(proc_net_tcp, [&](const std::vector<std::string>& words) {
    if (words.size() <= kInode || words[kState] != kListen) return;
    const auto colon = words[kLocal].rfind(':');
    const auto inode = number<Inode>(words[kInode]);
    if (colon == std::string::npos || !inode) return;
    if (number<std::uint16_t>(std::string_view(words[kLocal]).substr(colon + 1), 16) == port) found.push_back(*inode);
  });
  return found;
}

std::optional<Inode> unix_socket_in(std::string_view proc_net_unix, std::string_view name) {
  // Num RefCount Protocol Flags Type St Inode Path
  constexpr std::size_t kInode = 6, kPath = 7;
  std::optional<Inode> found;
  each_line(proc_net_unix, [&](const std::vector<std::string>& words) {
    if (!found && words.size() > kPath && words[kPath] == name) found = number<Inode>(words[kInode]);
  });
  return found;
}

std::vector<Inode> listeners(std::uint16_t port) {
  // thread-self: the network namespace is the thread's.
  auto found = listeners_in(contents("/proc/thread-self/net/tcp"), port);
  const auto more = listeners_in(contents("/proc/thread-self/net/tcp6"), port);
  found.insert(found.end(), more.begin(), more.end());
  return found;
}

std::optional<Process> owner(Inode inode) {
  const auto wanted = "socket:[" + std::to_string(inode) + "]";
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const auto id = number<pid_t>(entry->path().filename().string());
    if (id && holds(entry->path(), wanted)) return Process{*id, name_of(entry->path())};
  }
  return std::nullopt;
}

std::string text(const std::optional<Process>& process) {
  return process ? process->name + " (process " + std::to_string(process->id) + ")" : "another program";
}

std::optional<Instance> other_instance() {
  const auto inode = unix_socket_in(contents("/proc/thread-self/net/unix"), kInstance);
  if (!inode) return std::nullopt;
  auto process = owner(*inode);
  if (process && process->id == getpid()) return std::nullopt;
  return Instance{std::move(process)};
}

}  // namespace weir::kernel
