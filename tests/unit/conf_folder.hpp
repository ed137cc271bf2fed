// A folder of the test's own for configurations and the lists they name.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace weir::tests {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/weir-conf-XXXXXX";
    path_ = mkdtemp(name);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path write(std::string_view text, const std::filesystem::path& name = "weir.toml") const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace weir::tests
