// What to say of a file that this process may not open: which account it is, and what helps.
#pragma once

#include <filesystem>
#include <string>

namespace weir::conf {

std::string account_name();  // of this process, or its number where it has no name

enum class Use { read, append };

// "; …" behind the error of an attempt to open the file. Empty where it was not for want of permission.
std::string remedy_where_closed(const std::filesystem::path&, Use);

}  // namespace weir::conf
