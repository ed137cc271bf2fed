#include "proxy/kernel/network.hpp"

#include <optional>
#include <utility>

#include "proxy/kernel/endpoint_plan.hpp"
#include "proxy/kernel/network_description.hpp"
#include "proxy/kernel/nftables.hpp"
#include "proxy/kernel/path_manager.hpp"
#include "proxy/kernel/routes.hpp"
#include "proxy/kernel/ruleset.hpp"
#include "proxy/kernel/saved_state.hpp"
#include "proxy/kernel/sysctl.hpp"
#include "proxy/kernel/table_reader.hpp"

namespace weir::kernel {
namespace {

using Result = Network::Result;

std::uint32_t wanted_subflows(const conf::Settings& settings) { return settings.mptcp.max_subflows - 1; }

// Beyond the table: what one installation does, and the values to keep for undoing it.
struct Plan {
  std::vector<Sysctl> sysctls;
  std::optional<PathManagerLimits> limits;  // to set
  EndpointPlan endpoints;
  Changes changes;
};

boost::system::result<Plan, std::string> make_plan(const Wanted& wanted, const Changes& older, PathManager* paths) {
  const auto& settings = wanted.settings;
  Plan plan;
  const SysctlTree tree;
  plan.sysctls = needed_sysctls(settings, tree);
  plan.changes.sysctls = values_to_save(plan.sysctls, tree);
  plan.changes.fingerprint = fingerprint(configured_ruleset(wanted));
  if (paths != nullptr) {
    auto limits = paths->limits();
    if (!limits) return std::move(limits).error();
    if (limits->subflows != wanted_subflows(settings)) {
      plan.changes.subflows = limits->subflows;
      plan.limits = PathManagerLimits{limits->add_addr_accepted, wanted_subflows(settings)};
    }
    auto present = paths->endpoints();
    if (!present) return std::move(present).error();
    plan.endpoints = plan_endpoints(wanted_endpoints(settings), older.endpoints, *present);
    plan.changes.endpoints = plan.endpoints.owned;
  }
  keep_older(plan.changes, older);
  return plan;
}

Result set_sysctls(const std::vector<Sysctl>& sysctls) {
  const SysctlTree tree;
  for (const auto& sysctl : sysctls) {
    if (tree.read(sysctl.name) == sysctl.value) continue;
    if (auto written = tree.write(sysctl); !written) return written;
  }
  return {};
}

Result set_paths(const Plan& plan, PathManager* paths) {
  if (paths == nullptr) return {};
  if (plan.limits) {
    if (auto set = paths->set_limits(*plan.limits); !set) return set;
  }
  for (const auto& endpoint : plan.endpoints.add) {
    if (auto added = paths->add_signal_endpoint(endpoint.address, endpoint.port); !added) return added;
  }
  return {};
}

// Keeps the first error and goes on.
void note(Result& first, Result next) {
  if (first && !next) first = std::move(next);
}

Result put_back_paths(const Changes& changes) {
  auto paths = PathManager::open();
  if (!paths) return {};  // no MPTCP: nothing was changed
  Result first;
  if (auto limits = paths->limits(); limits && changes.subflows) {
    note(first, paths->set_limits({limits->add_addr_accepted, *changes.subflows}));
  }
  if (auto present = paths->endpoints()) {
    for (const auto& endpoint : plan_endpoints({}, changes.endpoints, *present).remove) {
      note(first, paths->remove_endpoint(endpoint));
    }
  }
  return first;
}

Result put_back_sysctls(const Changes& changes) {
  Result first;
  const SysctlTree tree;
  for (const auto& sysctl : changes.sysctls) {
    if (tree.read(sysctl.name)) note(first, tree.write(sysctl));  // else its interface is gone
  }
  return first;
}

}  // namespace

struct Network::Impl {
  Nftables nftables;
  TableReader table;
  std::optional<Changes> changes;   // of this process; outlives a flush of the table by others
  std::optional<Wanted> installed;  // by this process

  // What an earlier run left in the table; nothing where there is no table.
  boost::system::result<std::optional<Changes>, std::string> left_in_table() {
    auto saved = table.comments("saved");
    if (!saved) return std::move(saved).error();
    return *saved ? std::optional(from_saved(**saved)) : std::nullopt;
  }

  // A table that cannot be made anew in place, of another version of weir say, is removed first.
  Result make_table(const Wanted& wanted, const SavedState& saved) {
    const auto present = table.inventory();
    if (present && nftables.run(ruleset_text(wanted, saved, *present))) return {};
    auto made = nftables.run(fresh_ruleset_text(wanted, saved));
    if (!made) return std::move(made).error();
    return {};
  }

  Result apply(const Wanted& wanted) {
    Changes older;
    if (auto left = left_in_table(); !left) {
      return std::move(left).error();
    } else if (left->has_value()) {
      older = **left;
    }
    if (changes) older = *changes;
    auto opened = PathManager::open();
    PathManager* paths = opened ? &*opened : nullptr;
    auto plan = make_plan(wanted, older, paths);
    if (!plan) return std::move(plan).error();
    for (const auto& endpoint : plan->endpoints.remove) {
      if (auto removed = paths->remove_endpoint(endpoint); !removed) return removed;
    }
    // The table comes first: from here on, a kill -9 leaves behind what the next start needs to put things back.
    if (auto made = make_table(wanted, to_saved(plan->changes)); !made) return made;
    changes = plan->changes;
    if (auto routed = install_routes(); !routed) return routed;
    if (auto set = set_sysctls(plan->sysctls); !set) return set;
    return set_paths(*plan, paths);
  }

  // The table goes after what it remembers, and before the routes its marks need.
  Result take_down() {
    Result first;
    if (auto left = left_in_table(); !left) {
      return std::move(left).error();
    } else if (changes || left->has_value()) {
      const Changes saved = changes ? *changes : **left;
      note(first, put_back_sysctls(saved));
      note(first, put_back_paths(saved));
    }
    if (auto removed = nftables.run(removal_text()); !removed) note(first, std::move(removed).error());
    note(first, remove_routes());
    changes.reset();
    installed.reset();
    return first;
  }
};

boost::system::result<Network, std::string> Network::open() {
  auto nftables = Nftables::open();
  if (!nftables) return std::move(nftables).error();
  auto table = TableReader::open();
  if (!table) return std::move(table).error();
  return Network(std::make_unique<Impl>(Impl{std::move(*nftables), std::move(*table), {}, {}}));
}

Network::Result Network::install(const Wanted& wanted) {
  auto applied = impl_->apply(wanted);
  if (applied) {
    impl_->installed = wanted;
    return applied;
  }
  std::string error = std::move(applied).error();
  const bool had = impl_->installed.has_value();
  const Result undone = had ? impl_->apply(Wanted(*impl_->installed)) : impl_->take_down();
  if (!undone && undone.error() != error)
    error += "; and what was there before could not be put back: " + undone.error();
  return error;
}

Network::Result Network::remove() { return impl_->take_down(); }

bool Network::installed() {
  auto left = impl_->left_in_table();
  if (!left || !left->has_value()) return false;
  // A flushed table is there and empty: it has lost the fingerprint.
  return !impl_->changes || (*left)->fingerprint == impl_->changes->fingerprint;
}

std::map<std::string, std::uint64_t> Network::counters() { return impl_->table.counters(); }

std::string Network::describe(const Wanted& wanted) { return describe_network(wanted, impl_->nftables); }

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

}  // namespace weir::kernel
