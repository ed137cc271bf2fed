// A file read whole.
#pragma once

#include <filesystem>
#include <string>

#include <boost/system/result.hpp>

namespace weir::conf {

// An error says why not, as "cannot be read: …" or "is larger than …". Reads to the end rather than asking for a size:
// /dev/stdin and pipes have none.
boost::system::result<std::string, std::string> read_whole(const std::filesystem::path&, std::size_t most);

}  // namespace weir::conf
