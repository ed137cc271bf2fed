// The query of /api/v1/flows: which flows, in which order, how many. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "policy/prefix.hpp"
#include "proxy/flow/record.hpp"

namespace weir::admin {

struct FlowQuery {
  enum class Sort { age, bytes, idle, subflows };

  std::size_t limit = 1000;
  Sort sort = Sort::age;  // youngest first; of the others the most first
  std::optional<flow::Transport> transport;
  std::optional<policy::Prefix> client;
  std::optional<policy::Prefix> destination;

  // An error is a sentence that says what would be right.
  static boost::system::result<FlowQuery, std::string> parse(
      const std::vector<std::pair<std::string, std::string>>& query);

  struct Selection {
    std::vector<flow::Record> shown;
    std::size_t total = 0;
    std::size_t matched = 0;
  };
  Selection select(std::vector<flow::Record>) const;
};

}  // namespace weir::admin
