#include "conf/closed_file.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include "conf/section.hpp"

namespace weir::conf {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestPath = 4096;

std::string shown(const fs::path& path) { return printable(path.string(), kLongestPath); }

bool may(const fs::path& path, int mode) { return faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0; }
bool is_closed(int error) { return error == EACCES || error == EPERM; }

// 0, or the error. A pipe would wait for its other end, and a file that is not there is not made.
int try_to_open(const fs::path& file, Use use) {
  const int flags = use == Use::read ? O_RDONLY : O_WRONLY | O_APPEND;
  const int opened = open(file.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (opened < 0) return errno;
  close(opened);
  return 0;
}

// The topmost folder on the way to the file that this account may not enter; empty where there is none.
fs::path closed_folder(const fs::path& file) {
  fs::path way;
  for (const auto& step : file.parent_path()) {
    way /= step;
    if (!may(way, X_OK)) return way;
  }
  return {};
}

std::string remedy_by_account(const fs::path& file, int mode) {
  const auto name = account_name();
  const auto begin = "; this is the account '" + name + "'";
  if (const auto folder = closed_folder(file); !folder.empty())
    return begin + ", which may not enter " + shown(folder) + ": let it, or move the file";
  return begin + ": " + (mode == X_OK ? "let it make files in " + shown(file) : "give it the file") + ", as by chown " +
         name + ' ' + shown(file);
}

// Landlock says the same "Permission denied" as the file's mode.
std::string remedy_by_fence(const fs::path& file) {
  return "; weir keeps to the folders that its configuration named when it started (gateway.fence): restart it to have "
         "it open " +
         shown(file);
}

std::string remedy_for_new(const fs::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (may(folder, W_OK | X_OK)) return remedy_by_fence(file);
  return is_closed(errno) ? remedy_by_account(folder, X_OK) : "";
}

}  // namespace

std::string account_name() {
  constexpr std::size_t kLongestEntry = 16384;
  std::array<char, kLongestEntry> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const auto user = geteuid();
  if (getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return entry.pw_name;
  return std::to_string(user);
}

std::string remedy_where_closed(const fs::path& file, Use use) {
  const int error = try_to_open(file, use);
  if (error == ENOENT && use == Use::append) return remedy_for_new(file);
  if (!is_closed(error)) return {};
  const int mode = use == Use::read ? R_OK : W_OK;
  return may(file, mode) ? remedy_by_fence(file) : remedy_by_account(file, mode);
}

}  // namespace weir::conf
