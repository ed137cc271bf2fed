// By what flows may be sorted: every column of the table that shows them. Pure.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "proxy/flow/record.hpp"

namespace weir::admin {

struct FlowOrder {
  std::string_view name;
  bool ascending;  // where nobody says: the least first
  std::weak_ordering (*compare)(const flow::Record&, const flow::Record&);

  static const FlowOrder& by_age();
  static const FlowOrder* named(std::string_view);
  static std::string names();  // for a sentence
};

}  // namespace weir::admin
