// The names that come most often, in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi: Efficient Computation
// of Frequent and Top-k Elements in Data Streams, 2005). A new name takes the place of the rarest where all are taken,
// and is supposed to have come as often; so a name that comes often is not pushed out by many that come once. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::flow {

struct NameCount {
  std::uint64_t flows = 0;  // all are what was counted, at least: a name that was pushed out begins anew
  std::uint64_t requests = 0;
  std::uint64_t bytes_from_client = 0;
  std::uint64_t bytes_to_client = 0;

  NameCount& operator+=(const NameCount&);
};

// Looked up by a view, so that a name that is in it costs no memory.
struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};
template <typename Value>
using ByName = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;

class TopNames {
 public:
  explicit TopNames(std::size_t most) : most_(most) {}

  void add(std::string_view name, const NameCount&);
  ByName<NameCount> counts() const;

 private:
  std::size_t place_for(std::string_view name);

  std::size_t most_;
  ByName<std::size_t> places_;
  std::vector<const std::string*> names_;  // the keys of places_, which stay where they are
  std::vector<NameCount> counts_;
  std::vector<std::uint64_t> weights_;  // flows and requests, and those of the name whose place was taken
};

}  // namespace weir::flow
