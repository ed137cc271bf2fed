#include "proxy/kernel/landlock.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weir::kernel {
namespace {

using Result = boost::system::result<void, std::string>;

// Newer than Debian 12's <linux/landlock.h>.
constexpr std::uint64_t kTruncate = 1ULL << 14;     // version 3
constexpr std::uint64_t kDeviceIoctl = 1ULL << 15;  // version 5
constexpr std::uint64_t kScopeSignal = 1ULL << 1;   // version 6
struct RulesetAttributes {
  std::uint64_t files;
  std::uint64_t network;  // version 4
  std::uint64_t scoped;   // version 6
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kAppend = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;
constexpr std::uint64_t kOfPlainFiles = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;

// Everything that this version can refuse.
RulesetAttributes refused_by(int version) {
  constexpr std::uint64_t kFirst = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  RulesetAttributes attributes{.files = kFirst, .network = 0, .scoped = 0};
  if (version >= 2) attributes.files |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) attributes.files |= kTruncate;
  if (version >= 5) attributes.files |= kDeviceIoctl;
  if (version >= 6) attributes.scoped = kScopeSignal;
  return attributes;
}

std::size_t known_size(int version) {
  if (version >= 6) return sizeof(RulesetAttributes);
  return version >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

class Descriptor {
 public:
  explicit Descriptor(long number) : number_(static_cast<int>(number)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

std::string failed(const std::string& what) {
  return what + ": " + std::error_code(errno, std::system_category()).message();
}

Result add(const Descriptor& ruleset, const PathRule& rule) {
  const Descriptor path(open(rule.path.c_str(), O_PATH | O_CLOEXEC));
  struct stat about {};
  if (!path || fstat(path.number(), &about) != 0) return {};
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access = rule.reach == PathRule::Reach::read ? kRead : kAppend;
  if (!S_ISDIR(about.st_mode)) beneath.allowed_access &= kOfPlainFiles;
  beneath.parent_fd = path.number();
  if (syscall(SYS_landlock_add_rule, ruleset.number(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
    return failed(rule.path.string());
  return {};
}

}  // namespace

int landlock_version() {
  const auto version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

Result restrict_files(std::span<const PathRule> rules) {
  const auto version = landlock_version();
  const auto attributes = refused_by(version);
  const Descriptor ruleset(syscall(SYS_landlock_create_ruleset, &attributes, known_size(version), 0));
  if (!ruleset) return failed("landlock_create_ruleset");
  for (const auto& rule : rules)
    if (auto added = add(ruleset, rule); !added) return added;
  if (syscall(SYS_landlock_restrict_self, ruleset.number(), 0) != 0) return failed("landlock_restrict_self");
  return {};
}

}  // namespace weir::kernel
