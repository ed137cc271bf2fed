// Server-sent events (HTML Living Standard, 9.2.6) as their reader sees them. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace weir::admin {

class LiveMessages {
 public:
  using Take = std::function<void(const std::string& type, const std::string& data)>;
  explicit LiveMessages(Take take, std::size_t longest = std::size_t{16} * 1024 * 1024)
      : take_(std::move(take)), longest_(longest) {}

  // However the text is cut. False: a message is longer than any of weir's.
  bool add(std::string_view bytes);

 private:
  void take_line(std::string_view line);

  Take take_;
  std::size_t longest_;
  std::string line_;
  std::string type_;
  std::string data_;
};

}  // namespace weir::admin
