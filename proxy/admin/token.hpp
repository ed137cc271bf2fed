// The bearer token of the admin service: read once from its file, compared in constant time, never printed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace weir::admin {

class Token {
 public:
  // One line of visible ASCII in a file that other users of the host cannot open; else a sentence with the remedy.
  static boost::system::result<Token, std::string> read(const std::filesystem::path& file);

  explicit Token(std::string text) : text_(std::move(text)) {}
  // Takes as long for a nearly right guess as for a wrong one.
  bool equals(std::string_view guess) const;
  std::string authorization() const { return "Bearer " + text_; }

 private:
  std::string text_;
};

}  // namespace weir::admin
