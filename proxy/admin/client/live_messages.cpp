#include "proxy/admin/client/live_messages.hpp"

namespace weir::admin {

bool LiveMessages::add(std::string_view bytes) {
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    line_ += bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    take_line(line_);
    line_.clear();
    if (data_.size() > longest_) return false;
  }
  line_ += bytes;
  return line_.size() <= longest_;
}

// weir's lines end with LF alone, and a message has one line of data.
void LiveMessages::take_line(std::string_view line) {
  const auto value = [&line](std::string_view field) {
    line.remove_prefix(field.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    return line;
  };
  if (line.empty()) {
    if (!data_.empty()) take_(type_, data_);
    type_.clear();
    data_.clear();
  } else if (line.starts_with("event:")) {
    type_ = value("event:");
  } else if (line.starts_with("data:")) {
    data_ += value("data:");
  }
}

}  // namespace weir::admin
