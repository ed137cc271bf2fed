// The status page's files (page.cmake), put into the program at build time by cmake/embed.cmake.
#pragma once

#include <span>
#include <string_view>

namespace weir::admin::page {

struct File {
  std::string_view path;  // as a browser asks for it: "/", "/app.js"
  std::string_view type;  // of its content
  std::string_view bytes;
};

extern const std::span<const File> files;

inline const File* find(std::string_view path) {
  for (const auto& file : files)
    if (file.path == path) return &file;
  return nullptr;
}

}  // namespace weir::admin::page
