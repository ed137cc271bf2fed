#include "proxy/tls/key_log.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::tls {

boost::system::result<std::shared_ptr<const KeyLog>, std::string> KeyLog::open(const std::filesystem::path& file) {
  net::Descriptor opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!opened.is_open()) return "tls.key_log: cannot open " + file.string() + ": " + std::strerror(errno);
  struct stat about {};
  if (fstat(opened.get(), &about) != 0 || (about.st_mode & 077) != 0)
    return "tls.key_log: others may read " + file.string() + "; chmod 600 it";
  return std::make_shared<const KeyLog>(std::move(opened));
}

// One write a line, so that lines of several workers do not mix.
void KeyLog::write(const char* line) const {
  const auto whole = std::string(line) + '\n';
  [[maybe_unused]] const auto written = ::write(file_.get(), whole.data(), whole.size());
}

}  // namespace weir::tls
