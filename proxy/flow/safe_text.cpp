#include "proxy/flow/safe_text.hpp"

namespace weir::flow {

boost::json::string safe_text(std::string_view text, const boost::json::storage_ptr& memory) {
  boost::json::string shown(text, memory);
  for (auto& c : shown)
    if (c < ' ' || c > '~') c = '?';
  return shown;
}

boost::json::value safe_or_null(std::string_view text, const boost::json::storage_ptr& memory) {
  if (text.empty()) return boost::json::value(nullptr, memory);
  return boost::json::value(safe_text(text, memory), memory);
}

}  // namespace weir::flow
