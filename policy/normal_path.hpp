// The normal form of a request's path, in which rules compare it: origins serve many spellings of one path alike, and a
// rule must not be evaded by another spelling (RFC 3986, 6.2.2). What is forwarded stays as it came. Pure.
#pragma once

#include <string>
#include <string_view>

namespace weir::policy {

// "%73" of an unreserved character is that character, other escapes have upper-case digits, '\' is '/', several '/' are
// one, and "." and ".." are resolved. What does not begin with '/' is as it is. Most paths are normal already: those
// are returned, and `made` is for the others. "%2F" stays: it is not the same as '/' everywhere.
std::string_view normal_path(std::string_view path, std::string& made);

}  // namespace weir::policy
