// The query of /api/v1/flows: which flows, in which order, how many. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "policy/prefix.hpp"
#include "proxy/admin/flow_order.hpp"
#include "proxy/flow/record.hpp"

namespace weir::admin {

struct FlowQuery {
  std::size_t limit = 1000;
  const FlowOrder* order = &FlowOrder::by_age();
  std::optional<bool> ascending;  // none: as the order would have it
  std::optional<flow::Transport> transport;
  std::optional<policy::Prefix> client;
  std::optional<policy::Prefix> destination;
  std::optional<flow::Disposition> disposition;
  std::string text;  // in lower case: part of what a person would look for

  // An error is a sentence that says what would be right.
  static boost::system::result<FlowQuery, std::string> parse(
      const std::vector<std::pair<std::string, std::string>>& query);

  bool matches(const flow::Record&) const;
  bool comes_before(const flow::Record&, const flow::Record&) const;

  struct Selection {
    std::vector<flow::Record> shown;
    std::size_t total = 0;
    std::size_t matched = 0;
  };
  Selection select(std::vector<flow::Record>) const;
};

}  // namespace weir::admin
