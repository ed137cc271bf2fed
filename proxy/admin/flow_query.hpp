// The query of /api/v1/flows: which flows, in which order, how many. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "proxy/flow/record.hpp"

namespace weir::admin {

struct Prefix {
  policy::Address address;
  unsigned bits = 0;  // of the 128 of an Address

  // "192.0.2.0/24", "2001:db8::/32", or one address.
  static std::optional<Prefix> parse(std::string_view text);
  bool contains(const policy::Address&) const;
};

struct FlowQuery {
  enum class Sort { age, bytes, idle, subflows };

  std::size_t limit = 1000;
  Sort sort = Sort::age;  // youngest first; of the others the most first
  std::optional<flow::Transport> transport;
  std::optional<Prefix> client;
  std::optional<Prefix> destination;

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
