// Landlock: which files this process may open from now on, whatever its account may (landlock(7)).
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include <boost/system/result.hpp>

namespace weir::kernel {

struct PathRule {
  enum class Reach { read, append };  // append: to write files that are there, and to make new ones
  std::filesystem::path path;         // a folder stands for all beneath it; what is not there is passed over
  Reach reach;
};

// Of the kernel's interface; 0 where it has none, or it is not turned on.
int landlock_version();

// For this thread and those it starts later. Needs no_new_privs.
boost::system::result<void, std::string> restrict_files(std::span<const PathRule>);

}  // namespace weir::kernel
