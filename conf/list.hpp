// Lists of strings in weir.toml, and in the files they name: an entry "file:PATH" stands for the lines of that file,
// one entry each, with '#' comments.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string_view>

#include "conf/section.hpp"

namespace weir::conf {

struct ListEntry {
  std::string_view text;
  Place place;
};

// Calls `visit` for each entry of the array `key` and of its files, if any. True where the key is there and is an
// array, even an empty one. Relative paths start at `folder`. What an entry shows lives as long as the call.
bool for_each_entry(Section&, std::string_view key, const std::filesystem::path& folder,
                    const std::function<void(const ListEntry&)>& visit);
// The same where a string may stand for an array of one.
bool for_one_or_each_entry(Section&, std::string_view key, const std::filesystem::path& folder,
                           const std::function<void(const ListEntry&)>& visit);

}  // namespace weir::conf
