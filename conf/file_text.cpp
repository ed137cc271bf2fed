#include "conf/file_text.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "conf/closed_file.hpp"

namespace weir::conf {
namespace {

using Text = boost::system::result<std::string, std::string>;

Text failed(std::string why) { return {boost::system::in_place_error, std::move(why)}; }
Text failed(int error) { return failed("cannot be read: " + std::system_category().message(error)); }

}  // namespace

Text read_whole(const std::filesystem::path& path, std::size_t most) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (!file) {
    auto why = "cannot be read: " + std::system_category().message(errno);
    return failed(why + remedy_where_closed(path, Use::read));
  }
  std::string text;
  std::array<char, 65536> piece{};
  while (const auto size = std::fread(piece.data(), 1, piece.size(), file.get())) {
    text.append(piece.data(), size);
    if (text.size() > most) return failed("is larger than " + std::to_string(most / 1024 / 1024) + " MiB");
  }
  if (std::ferror(file.get()) != 0) return failed(errno);
  return {boost::system::in_place_value, std::move(text)};
}

}  // namespace weir::conf
