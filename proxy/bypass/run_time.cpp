#include "proxy/bypass/run_time.hpp"

#include <algorithm>

namespace weir::bypass {

boost::system::result<RunTimeEntry, std::string> RunTimeEntry::parse(std::string_view what, policy::Flows flows,
                                                                     Time expires) {
  RunTimeEntry entry{
      .what = {}, .prefix = policy::Prefix::parse(what), .domain = std::nullopt, .flows = flows, .expires = expires};
  if (entry.prefix) {
    if (*entry.prefix != entry.prefix->network())
      return {boost::system::in_place_error,
              "the prefix has bits behind its length; " + entry.prefix->network().text() + " is the whole of it"};
    entry.what = entry.prefix->text();
    return entry;
  }
  entry.domain = policy::DomainPattern::parse(what);
  if (!entry.domain)
    return {boost::system::in_place_error,
            "this is neither an address, nor a prefix such as 198.51.100.0/24, nor a name such as media.example or "
            "*.media.example"};
  entry.what = entry.domain->text();
  return entry;
}

bool RunTimeList::add(RunTimeEntry entry) {
  std::erase_if(entries_, [&](const RunTimeEntry& one) { return one.what == entry.what && one.flows == entry.flows; });
  if (entries_.size() >= kMost) return false;
  entries_.push_back(std::move(entry));
  return true;
}

std::size_t RunTimeList::remove(std::string_view what) {
  return std::erase_if(entries_, [&](const RunTimeEntry& one) { return one.what == what; });
}

bool RunTimeList::expire(Time now) {
  return std::erase_if(entries_, [now](const RunTimeEntry& one) { return one.expires <= now; }) > 0;
}

std::shared_ptr<const policy::BypassTable> RunTimeList::table() const {
  policy::TableBuilder<policy::BypassTable> builder;
  for (const auto& entry : entries_) {
    policy::Bypass bypass;
    bypass.name = entry.what;
    bypass.flows = entry.flows;
    if (entry.prefix) bypass.destinations = {*entry.prefix};
    bypass.by_destination = entry.prefix.has_value();
    bypass.by_domain = entry.domain.has_value();
    if (entry.domain) builder.add_domain(*entry.domain);
    builder.add(std::move(bypass));
  }
  return std::move(builder).build();
}

}  // namespace weir::bypass
