#include "pki/new_file.hpp"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::pki {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
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

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

std::string failed(const std::filesystem::path& path, int error) {
  const auto folder = folder_of(path).string();
  if (error == ENOENT || error == ENOTDIR)
    return path.string() + " cannot be written: there is no folder " + folder + "; make it first";
  if (error == EEXIST)
    return path.string() + " is there already, and stays as it is; move it away, or name another file";
  return path.string() + " cannot be written: " + std::system_category().message(error);
}

// 0, or the error.
int write_whole(const Descriptor& file, std::string_view content, mode_t mode) {
  if (fchmod(file.number(), mode) != 0) return errno;  // whatever the umask
  while (!content.empty()) {
    const auto written = ::write(file.number(), content.data(), content.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(file.number()) == 0 ? 0 : errno;
}

// Root makes it for whoever the folder belongs to: the account that is to read it.
int give_to_owner_of(const std::filesystem::path& folder, const Descriptor& file) {
  struct stat about {};
  if (geteuid() != 0) return 0;
  if (stat(folder.c_str(), &about) != 0) return errno;
  if (about.st_uid == 0) return 0;
  return fchown(file.number(), about.st_uid, about.st_gid) == 0 ? 0 : errno;
}

// The names in a folder are on the disk once it is, too.
int sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened && fsync(opened.number()) == 0 ? 0 : errno;
}

}  // namespace

Result<NewFile> NewFile::write(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  auto aside = (folder_of(path) / ("." + path.filename().string() + ".XXXXXX")).string();
  const Descriptor file(mkostemp(aside.data(), O_CLOEXEC));
  if (!file) return failed(path, errno);
  NewFile made(path, aside);
  if (const int error = give_to_owner_of(folder_of(path), file); error != 0) return failed(path, error);
  if (const int error = write_whole(file, content, mode); error != 0) return failed(path, error);
  return made;
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)), aside_(std::exchange(other.aside_, std::filesystem::path())) {}

NewFile::~NewFile() {
  if (!aside_.empty()) unlink(aside_.c_str());
}

// link(2) fails where there is a file; rename(2) would replace it.
Result<void> NewFile::appear() const {
  if (link(aside_.c_str(), path_.c_str()) != 0) return failed(path_, errno);
  if (const int error = sync_folder(folder_of(path_)); error != 0) {
    vanish();
    return failed(path_, error);
  }
  return {};
}

void NewFile::vanish() const { unlink(path_.c_str()); }

}  // namespace weir::pki
