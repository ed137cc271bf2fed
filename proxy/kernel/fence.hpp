// The fence around the running process: the files it may open (Landlock) and the calls it may make (seccomp).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "conf/settings.hpp"
#include "proxy/kernel/landlock.hpp"

namespace weir::kernel {

// What weir opens by this configuration, at its start and at a reload, and what the libraries do.
std::vector<PathRule> files_within(const std::filesystem::path& configuration, const conf::Settings&);

// For this thread and those it starts later: call it before there are others. Needs no_new_privs. A sentence for each
// part that this kernel has not, or refuses.
std::vector<std::string> raise_fence(const std::vector<PathRule>& files);

// The same sentences, without raising it.
std::vector<std::string> missing_of_fence();

}  // namespace weir::kernel
