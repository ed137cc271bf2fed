// The entries of a policy with the indexes that match their lists. Immutable once built, and shared: a reload or a
// bypass added at run time makes a new Policy of the tables that stay and those that are new.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/domain_index.hpp"
#include "policy/prefix_index.hpp"
#include "policy/rule.hpp"

namespace weir::policy {

// What the indexes say of one flow, for all entries of a table at once.
struct Matched {
  Conditions sources;
  Conditions destinations;
  Conditions domains;
};

struct Indexes {
  PrefixIndex sources;
  PrefixIndex destinations;
  DomainIndex domains;

  void match(const Facts&, Matched&) const;
  std::size_t memory() const { return sources.memory() + destinations.memory() + domains.memory(); }
};

// Which entries of a table ask for a list of the kind to match.
struct Asking {
  Conditions sources;
  Conditions destinations;
  Conditions domains;
};

// `candidates`: those of a table's entries 64·i to 64·i+63 that are not ruled out by the indexes. In a long policy
// nearly all are, and are not looked at.
struct BypassTable {
  std::vector<Bypass> entries;
  Indexes indexes;
  Asking asking;

  Conditions::Word candidates(std::size_t i, const Facts&, const Matched&) const;

  // The entries with this name among their domains, whatever else they ask: an address may be learned for them.
  std::vector<std::size_t> naming(const DomainName&) const;
};

struct RuleTable {
  std::vector<Rule> entries;
  Indexes indexes;
  Asking asking;
  bool reads_requests = false;  // one of its rules does
  bool asks_for_confirmed_names = false;

  Conditions::Word candidates(std::size_t i, const Facts&, const Matched&) const;
};

// Collects a table's entries and their names.
template <typename Table>
class TableBuilder {
 public:
  // The domains of the entry that `add` takes next.
  void add_domain(const DomainPattern& pattern) {
    domains_.add(pattern, static_cast<Condition>(table_.entries.size()));
  }
  void add(Bypass entry) {
    index(entry, entry.sources, entry.destinations);
    table_.entries.push_back(std::move(entry));
  }
  void add(Rule entry) {
    index(entry.when, entry.when.sources, entry.when.destinations);
    table_.reads_requests = table_.reads_requests || entry.reads_requests();
    table_.asks_for_confirmed_names = table_.asks_for_confirmed_names || entry.when.name_confirmed.has_value();
    table_.entries.push_back(std::move(entry));
  }
  std::size_t size() const { return table_.entries.size(); }
  std::shared_ptr<const Table> build() && {
    table_.indexes.sources = std::move(sources_).build();
    table_.indexes.destinations = std::move(destinations_).build();
    domains_.shrink();
    table_.indexes.domains = std::move(domains_);
    return std::make_shared<const Table>(std::move(table_));
  }

 private:
  template <typename Asks>
  void index(const Asks& asks, const std::vector<Prefix>& sources, const std::vector<Prefix>& destinations) {
    const auto condition = static_cast<Condition>(table_.entries.size());
    if (asks.by_source) table_.asking.sources.set(condition);
    if (asks.by_destination) table_.asking.destinations.set(condition);
    if (asks.by_domain) table_.asking.domains.set(condition);
    for (const auto& prefix : sources) sources_.add(prefix, condition);
    for (const auto& prefix : destinations) destinations_.add(prefix, condition);
  }

  Table table_;
  PrefixIndex::Builder sources_;
  PrefixIndex::Builder destinations_;
  DomainIndex domains_;
};

}  // namespace weir::policy
