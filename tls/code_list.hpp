// Lists of 16-bit code points, as most of a hello's vectors are.
#pragma once

#include <vector>

#include "tls/code_points.hpp"
#include "tls/cursor.hpp"

namespace weir::tls {

// Appends the list's codes in their order, GREASE left out. Whether it was well-formed: whole codes, and at least one,
// which all such vectors ask for.
template <typename Code>
bool read_codes(Cursor list, std::vector<Code>& codes) {
  if (list.empty()) return false;
  codes.reserve(list.rest().size() / 2);
  while (!list.empty()) {
    const auto code = list.u16();
    if (!is_grease(code)) codes.push_back(Code{code});
  }
  return list.ok();
}

}  // namespace weir::tls
