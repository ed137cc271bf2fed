#include "proxy/session/bypass_keeper.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "proxy/kernel/ruleset.hpp"

namespace weir::session {
namespace {

using bypass::Entry;
using bypass::Origin;
using bypass::Time;
using kernel::SetChange;
using policy::Flows;
using std::chrono::seconds;

constexpr seconds kTick{1};
// What was resolved stays until it is resolved again, and a little longer.
constexpr seconds kGrace{60};
constexpr seconds kLeastTtl{30};

std::chrono::milliseconds exactly_until(Time end, Time now) {
  return std::chrono::floor<std::chrono::milliseconds>(std::max(end - now, Time::duration{0}));
}

// As people are shown it.
seconds left_until(Time end, Time now) { return std::chrono::ceil<seconds>(std::max(end - now, Time::duration{0})); }

template <typename Table>
std::optional<std::size_t> index_of(const Table& table, const std::string& name) {
  for (std::size_t i = 0; i < table.entries.size(); ++i)
    if (table.entries[i].name == name) return i;
  return std::nullopt;
}

void naming(const policy::BypassTable& table, policy::Source source, const policy::DomainName& name,
            std::vector<Entry>& found) {
  for (const auto i : table.naming(name)) found.push_back({source, table.entries[i].name});
}

// Whether the entry at that place has the name, which it may have lost since it was learned for.
bool names(const policy::BypassTable& table, std::size_t index, const std::string& learned) {
  const auto name = policy::DomainName::parse(learned);
  if (!name) return false;
  const auto all = table.naming(*name);
  return std::ranges::find(all, index) != all.end();
}

}  // namespace

BypassKeeper::BypassKeeper(boost::asio::io_context& context, Hooks hooks)
    : context_(context), hooks_(std::move(hooks)), timer_(context) {}

void BypassKeeper::configure(const policy::Policy& policy, const conf::DnsSettings& dns) {
  const bool other_servers = dns.servers != dns_.servers;
  policy_ = policy;
  dns_ = dns;
  // A learned address stays as long as its entry still has the name.
  learned_.keep_if([this](const bypass::Learned& learned) {
    const auto name = policy::DomainName::parse(learned.name);
    const auto wanted = name ? entries_naming(*name) : std::vector<Entry>{};
    return std::ranges::find(wanted, learned.entry) != wanted.end();
  });
  learned_.take_changes();  // the table that was made for this policy has what is left
  if (other_servers && resolver_) {
    resolver_.reset();
    plan_.abandon(now());
  }
  update_names();
}

void BypassKeeper::add_to(kernel::LiveSets& live, const policy::Policy& policy) const {
  for (const auto& learned : learned_.all()) {
    if (learned.entry.source != policy::Source::bypass) continue;
    const auto left = exactly_until(learned.expires, now());
    const auto index = index_of(*policy.bypasses, learned.entry.name);
    if (index && names(*policy.bypasses, *index, learned.name) && left > seconds(0))
      live.learned.push_back({*index, learned.address, left});
  }
  std::vector<policy::Prefix> mptcp;
  std::vector<policy::Prefix> tcp;
  std::vector<policy::Prefix> any;
  const auto of = [&](Flows flows) -> auto& { return flows == Flows::mptcp ? mptcp : flows == Flows::tcp ? tcp : any; };
  for (const auto& entry : run_time_.all())
    if (entry.prefix) of(entry.flows).push_back(*entry.prefix);
  for (const auto& learned : learned_.all()) {
    if (learned.entry.source != policy::Source::run_time_bypass) continue;
    for (const auto& entry : run_time_.all())
      if (entry.what == learned.entry.name) of(entry.flows).emplace_back(learned.address);
  }
  live.run_time_mptcp = policy::ranges_of(mptcp);
  live.run_time_tcp = policy::ranges_of(tcp);
  live.run_time_any = policy::ranges_of(any);
}

void BypassKeeper::take(const NameSeen& seen) {
  const auto wanted = entries_naming(seen.name);
  for (const auto& entry : wanted) learn(entry, seen.address, Origin::seen, seen.name.text(), now() + learn_for(entry));
  if (wanted.empty() && seen.must_be_read) {
    seconds longest{std::chrono::hours(1)};
    for (const auto& entry : policy_.bypasses->entries) longest = std::max(longest, entry.learn_for);
    learned_.stands_against(seen.address, seen.name.text(), now(), now() + longest);
  }
  write_changes();
  arm();
}

void BypassKeeper::take(const names::DnsAnswer& answer) {
  const auto name = policy::DomainName::parse(answer.name);
  if (!name) return;
  hooks_.answered(*name, answer.addresses);
  for (const auto& entry : entries_naming(*name)) {
    const auto most = learn_for(entry);
    for (const auto& [address, ttl] : answer.addresses)
      learn(entry, address, Origin::answered, answer.name, now() + std::min(most, std::max(ttl, kLeastTtl) + kGrace));
  }
  write_changes();
  arm();
}

void BypassKeeper::learn(const Entry& entry, const policy::Address& address, Origin origin, const std::string& name,
                         Time until) {
  // Nobody's server is there; and an answer that says so (DNS rebinding) shall open no way to what is near.
  if (address.is_unspecified() || address.is_loopback() || address.is_multicast()) return;
  if (!learned_.learn(entry, address, origin, name, now(), until)) return;
  spdlog::debug("bypass {}: {} learned for {} ({})", entry.name, address.text(), name, bypass::name(origin));
}

boost::system::result<void, std::string> BypassKeeper::add(const admin::BypassRequest& request) {
  auto entry = bypass::RunTimeEntry::parse(request.what, request.flows, now() + request.duration);
  if (!entry) return entry.error();
  const auto what = entry->what;
  if (!run_time_.add(std::move(*entry)))
    return "there are " + std::to_string(bypass::RunTimeList::kMost) + " entries already; remove some first";
  hooks_.announce("bypass_added", {{"what", what},
                                   {"flows", policy::name(request.flows)},
                                   {"seconds", std::to_string(request.duration.count())},
                                   {"who", request.who}});
  run_time_has_changed();
  return {};
}

std::size_t BypassKeeper::remove(const std::string& what, const std::string& who) {
  // As `add` took it, whatever form it is asked for in.
  const auto entry = bypass::RunTimeEntry::parse(what, Flows::any, now());
  const auto form = entry.has_value() ? entry->what : what;
  const auto removed = run_time_.remove(form);
  std::size_t forgotten = 0;
  learned_.keep_if([&](const bypass::Learned& learned) {
    const bool goes = learned.address.text() == form || learned.name == form;
    forgotten += goes ? 1 : 0;
    return !goes;
  });
  if (removed + forgotten == 0) return 0;
  hooks_.announce("bypass_removed", {{"what", form}, {"who", who}});
  if (removed > 0)
    run_time_has_changed();
  else
    write_changes();
  return removed + forgotten;
}

admin::BypassList BypassKeeper::list() const {
  admin::BypassList list;
  const auto at = now();
  for (const auto& entry : policy_.bypasses->entries)
    list.configured.push_back({.name = entry.name,
                               .flows = entry.flows,
                               .sources = entry.sources.size(),
                               .destinations = entry.destinations.size(),
                               .domains = entry.by_domain,
                               .ports = entry.ports,
                               .learn_for = entry.learn_for});
  for (const auto& entry : run_time_.all())
    list.added.push_back({entry.what, entry.flows, left_until(entry.expires, at)});
  for (const auto& one : learned_.all())
    list.learned.push_back(
        {one.address, one.entry.name, bypass::name(one.origin), one.name, left_until(one.expires, at)});
  for (const auto& one : learned_.withheld(at))
    list.withheld.push_back({one.address, one.name, left_until(one.until, at)});
  list.conflicts = learned_.conflicts();
  return list;
}

std::vector<policy::LearnedFor> BypassKeeper::learned_for(const policy::Address& address) const {
  std::vector<policy::LearnedFor> found;
  for (const auto& one : learned_.all())
    if (one.address == address)
      found.push_back({one.entry.name, "destination " + address.text() + " was learned for " + one.name + " (" +
                                           bypass::name(one.origin) + ")"});
  return found;
}

std::vector<Entry> BypassKeeper::entries_naming(const policy::DomainName& name) const {
  std::vector<Entry> found;
  naming(*policy_.bypasses, policy::Source::bypass, name, found);
  naming(*run_time_table_, policy::Source::run_time_bypass, name, found);
  return found;
}

seconds BypassKeeper::learn_for(const Entry& entry) const {
  if (entry.source == policy::Source::bypass) {
    const auto index = index_of(*policy_.bypasses, entry.name);
    return index ? policy_.bypasses->entries[*index].learn_for : seconds(0);
  }
  // For as long as the entry itself.
  for (const auto& one : run_time_.all())
    if (one.what == entry.name) return left_until(one.expires, now());
  return seconds(0);
}

void BypassKeeper::update_names() {
  std::vector<std::string> names;
  for (const auto& entry : policy_.bypasses->entries) names.insert(names.end(), entry.names.begin(), entry.names.end());
  for (const auto& entry : run_time_.all())
    if (entry.domain && !entry.domain->below) names.push_back(entry.domain->name.text());
  plan_.set_names(names, now());
  if (!names.empty() && !resolver_) open_resolver();
  resolve_due();
  arm();
}

void BypassKeeper::open_resolver() {
  auto resolver = names::Resolver::open(context_, {.servers = dns_.servers, .mark = kernel::kOwnMark});
  if (resolver.has_value())
    resolver_.emplace(std::move(*resolver));
  else
    spdlog::error("names of bypass entries are not resolved: {}", resolver.error());
}

void BypassKeeper::resolve_due() {
  if (!resolver_) return;
  while (const auto name = plan_.start(now()))
    resolver_->resolve(*name, [this, name = *name](const names::Resolution& resolution) {
      take_resolved(name, resolution);
      arm();
    });
}

void BypassKeeper::take_resolved(const std::string& text, const names::Resolution& resolution) {
  plan_.take(text, resolution, now());
  if (!resolution.error.empty()) spdlog::debug("{}: {}", text, resolution.error);
  const auto name = policy::DomainName::parse(text);
  if (!name) return;
  hooks_.answered(*name, resolution.addresses);
  for (const auto& entry : entries_naming(*name))
    for (const auto& [address, ttl] : resolution.addresses)
      learn(entry, address, Origin::resolved, text, now() + std::max(ttl, kLeastTtl) + kGrace);
  write_changes();
}

void BypassKeeper::run_time_has_changed() {
  run_time_table_ = run_time_.table();
  learned_.keep_if([this](const bypass::Learned& learned) {
    return learned.entry.source == policy::Source::bypass || index_of(*run_time_table_, learned.entry.name).has_value();
  });
  // Workers first: a flow that the kernel still sends to weir is then relayed unread there.
  hooks_.run_time_changed();
  write_run_time();
  write_changes();
  update_names();
}

void BypassKeeper::write_run_time() {
  kernel::LiveSets live;
  add_to(live, policy_);
  std::vector<SetChange> changes;
  const auto fill = [&changes](Flows flows, const std::vector<policy::AddressRange>& ranges) {
    for (const bool v4 : {true, false}) {
      const auto set = kernel::run_time_set(flows, v4);
      changes.push_back({.kind = SetChange::Kind::clear, .set = set, .key = {}});
      for (const auto& range : ranges)
        if (range.first.is_v4() == v4) kernel::add_range(changes, set, range);
    }
  };
  fill(Flows::mptcp, live.run_time_mptcp);
  fill(Flows::tcp, live.run_time_tcp);
  fill(Flows::any, live.run_time_any);
  hooks_.write(changes);
}

// Of configured entries: what expired has left the kernel's sets by itself.
void BypassKeeper::write_changes() {
  const auto changed = learned_.take_changes();
  if (changed.empty()) return;
  std::vector<SetChange> changes;
  bool run_time = std::ranges::any_of(
      changed.expired, [](const auto& one) { return one.first.source == policy::Source::run_time_bypass; });
  const auto change = [&](const Entry& entry, const policy::Address& address, SetChange::Kind kind,
                          std::chrono::milliseconds left) {
    const auto index = index_of(*policy_.bypasses, entry.name);
    if (entry.source == policy::Source::run_time_bypass) run_time = true;
    if (entry.source == policy::Source::run_time_bypass || !index) return;
    changes.push_back({.kind = kind,
                       .set = kernel::learned_set(*index, address.is_v4()),
                       .key = kernel::key_of(address),
                       .timeout = left});
  };
  for (const auto& [entry, address] : changed.forgotten) change(entry, address, SetChange::Kind::remove, seconds(0));
  for (const auto& [learned, is_renewed] : changed.learned) {
    const auto left = exactly_until(learned.expires, now());
    if (is_renewed) change(learned.entry, learned.address, SetChange::Kind::remove, seconds(0));
    change(learned.entry, learned.address, SetChange::Kind::add, left);
  }
  hooks_.write(changes);
  if (run_time) write_run_time();
}

// One look a second at what may have expired, while there is anything; names are resolved when they are due.
void BypassKeeper::arm() {
  std::optional<Time> next;
  if (!learned_.is_empty() || !run_time_.all().empty()) next = now() + kTick;
  const auto due = resolver_ ? plan_.next_due() : std::nullopt;
  if (due && (!next || *due < *next)) next = due;
  if (!next || (armed_ && *armed_ <= *next)) return;
  armed_ = next;
  timer_.expires_at(*next);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void BypassKeeper::tick() {
  armed_.reset();
  const auto at = now();
  learned_.expire(at);
  if (run_time_.expire(at)) run_time_has_changed();
  write_changes();
  resolve_due();
  arm();
}

}  // namespace weir::session
