#include "policy/normal_path.hpp"

#include <algorithm>

namespace weir::policy {
namespace {

constexpr std::size_t kEscape = 3;  // "%73"

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {  // RFC 3986, 2.3
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

char upper_case(char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; }

// Nothing that could be spelt otherwise. A dot within a name is fine.
bool is_normal(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%' || path[i] == '\\') return false;
    const char next = i + 1 < path.size() ? path[i + 1] : 'a';
    if (path[i] == '/' && (next == '/' || next == '.')) return false;
  }
  return true;
}

std::string unescaped(std::string_view path) {
  std::string text;
  text.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool is_escape =
        path[i] == '%' && path.size() - i >= kEscape && digit(path[i + 1]) >= 0 && digit(path[i + 2]) >= 0;
    if (!is_escape) {
      text += path[i] == '\\' ? '/' : path[i];
      continue;
    }
    const auto c = static_cast<char>(digit(path[i + 1]) << 4 | digit(path[i + 2]));
    if (is_unreserved(c))
      text += c;
    else
      text.append({'%', upper_case(path[i + 1]), upper_case(path[i + 2])});
    i += kEscape - 1;
  }
  return text;
}

// Takes the last segment off, and the '/' before it stays.
void go_up(std::string& path) {
  if (path.size() > 1) path.pop_back();
  path.erase(path.rfind('/') + 1);
}

}  // namespace

std::string_view normal_path(std::string_view path, std::string& made) {
  if (!path.starts_with('/') || is_normal(path)) return path;
  const auto text = unescaped(path);
  made = "/";
  std::string_view rest(text);
  while (!rest.empty()) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    const auto segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    if (segment == "..")
      go_up(made);
    else if (segment != ".")
      made.append(segment).append(rest.empty() ? "" : "/");
  }
  return made;
}

}  // namespace weir::policy
