#include "proxy/kernel/fence.hpp"

#include <cstdlib>

#include "proxy/kernel/call_filter.hpp"

namespace weir::kernel {
namespace {

namespace fs = std::filesystem;

using Reach = PathRule::Reach;

constexpr const char* kNoLandlock =
    "the kernel has no Landlock (or `lsm=` leaves it out): files are kept by the account's rights alone";
constexpr const char* kNoSeccomp = "the kernel has no seccomp filters: no system call is refused";

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

// A file's folder, and that of what it links to: an editor, a package or a rotation puts a new file in the place of the
// old one, and a rule for the old file would not hold for it.
void add_folder_of(const fs::path& file, Reach reach, std::vector<PathRule>& rules) {
  if (file.empty()) return;
  std::error_code error;
  for (const auto& path : {file, fs::canonical(file, error)}) {
    if (path.empty()) continue;
    const bool everything = folder_of(path) == path.root_path();
    rules.push_back({everything ? path : folder_of(path), reach});
  }
}

// A terminal or a named pipe is one itself; its folder may be /dev.
void add_log(const fs::path& file, std::vector<PathRule>& rules) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (fs::exists(status) && !fs::is_regular_file(status))
    rules.push_back({file, Reach::append});
  else
    add_folder_of(file, Reach::append, rules);
}

void add_system(std::vector<PathRule>& rules) {
  // /etc as a whole: its files are replaced by renaming, resolv.conf the most. Its secrets are kept by their modes.
  for (const auto* path :
       {"/etc", "/usr", "/lib", "/lib64", "/proc", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom"})
    rules.push_back({path, Reach::read});
  for (const auto* path : {"/proc/sys/net", "/dev/null"}) rules.push_back({path, Reach::append});
  add_folder_of("/etc/resolv.conf", Reach::read, rules);
  add_folder_of("/etc/localtime", Reach::read, rules);
  for (const auto* variable : {"SSL_CERT_FILE", "SSL_CERT_DIR"})  // SSL_CTX_load_verify_locations(3)
    if (const auto* path = std::getenv(variable)) rules.push_back({path, Reach::read});
}

}  // namespace

std::vector<PathRule> files_within(const fs::path& configuration, const conf::Settings& settings) {
  std::vector<PathRule> rules;
  add_system(rules);
  add_folder_of(configuration, Reach::read, rules);
  for (const auto& list : settings.list_files) add_folder_of(list, Reach::read, rules);
  add_folder_of(settings.tls.ca_certificate, Reach::read, rules);
  add_folder_of(settings.tls.ca_key, Reach::read, rules);
  if (settings.tls.upstream_trust != "system") add_folder_of(settings.tls.upstream_trust, Reach::read, rules);
  add_folder_of(settings.admin.token_file, Reach::read, rules);
  add_folder_of(settings.tls.key_log, Reach::append, rules);
  for (const auto* place : {&settings.log.flows, &settings.log.events, &settings.log.requests})
    if (*place != "stdout" && *place != "off") add_log(*place, rules);
  return rules;
}

std::vector<std::string> raise_fence(const std::vector<PathRule>& files) {
  auto missing = missing_of_fence();
  if (landlock_version() > 0)
    if (const auto done = restrict_files(files); !done) missing.push_back("Landlock refuses: " + done.error());
  // Last: what comes before it makes calls that it refuses.
  if (seccomp_available())
    if (const auto done = refuse_calls(); !done) missing.push_back("seccomp refuses: " + done.error());
  return missing;
}

std::vector<std::string> missing_of_fence() {
  std::vector<std::string> missing;
  if (landlock_version() == 0) missing.emplace_back(kNoLandlock);
  if (!seccomp_available()) missing.emplace_back(kNoSeccomp);
  return missing;
}

}  // namespace weir::kernel
