// A file that appears under its name whole, and never in place of another.
#pragma once

#include <filesystem>
#include <string_view>

#include <sys/types.h>

#include "pki/authority.hpp"

namespace weir::pki {

class NewFile {
 public:
  // Written under another name in the same folder, and on the disk. That name goes with the object. Where this is root,
  // whoever owns the folder owns the file.
  static Result<NewFile> write(const std::filesystem::path& path, std::string_view content, mode_t mode);

  NewFile(NewFile&&) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  // An error where there is a file of that name.
  Result<void> appear() const;
  // Undoes appear().
  void vanish() const;

 private:
  NewFile(std::filesystem::path path, std::filesystem::path aside) : path_(std::move(path)), aside_(std::move(aside)) {}

  std::filesystem::path path_;
  std::filesystem::path aside_;
};

}  // namespace weir::pki
