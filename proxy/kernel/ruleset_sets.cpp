#include "proxy/kernel/ruleset_sets.hpp"

#include <cstdio>

#include "proxy/kernel/nft_text.hpp"

namespace weir::kernel {
namespace {

constexpr std::array kFamilies{true, false};  // IPv4, IPv6

std::string suffix(bool v4) { return v4 ? "4" : "6"; }
std::string address_type(bool v4) { return v4 ? "ipv4_addr" : "ipv6_addr"; }

std::string numbered(std::string_view kind, std::size_t i, std::string_view what, bool v4) {
  return std::string(kind) + std::to_string(i) + "_" + std::string(what) + suffix(v4);
}

// Statements of one set with its elements, which may be many: written as one line.
class SetText {
 public:
  SetText(const std::string& name, const std::string& type) : text_("  set " + name + " {\n    type " + type + "\n") {}
  void line(const std::string& statement) { text_ += "    " + statement + "\n"; }
  void element(const std::string& element) { (elements_ += elements_.empty() ? "" : ", ") += element; }
  std::string close() && {
    if (!elements_.empty()) text_ += "    elements = { " + elements_ + " }\n";
    return std::move(text_) + "  }\n";
  }

 private:
  std::string text_;
  std::string elements_;
};

std::string range_text(const policy::AddressRange& range) {
  return range.first == range.last ? range.first.text() : range.first.text() + "-" + range.last.text();
}

std::string ranges_set(const std::string& name, bool v4, const std::vector<policy::AddressRange>& ranges) {
  SetText set(name, address_type(v4));
  set.line("flags interval");
  for (const auto& range : ranges)
    if (range.first.is_v4() == v4) set.element(range_text(range));
  return std::move(set).close();
}

std::string prefixes_sets(const std::vector<policy::Prefix>& prefixes,
                          std::string (*name)(std::string_view, std::size_t, bool), std::string_view kind,
                          std::size_t i) {
  std::string text;
  const auto ranges = policy::ranges_of(prefixes);
  for (const bool v4 : kFamilies)
    if (has_family(prefixes, v4)) text += ranges_set(name(kind, i, v4), v4, ranges);
  return text;
}

std::string learned_sets(std::size_t bypass, const LiveSets& live) {
  std::string text;
  for (const bool v4 : kFamilies) {
    SetText set(learned_set(bypass, v4), address_type(v4));
    set.line("flags timeout");
    for (const auto& one : live.learned)
      if (one.bypass == bypass && one.address.is_v4() == v4)
        set.element(one.address.text() + " timeout " + std::to_string(one.left.count()) + "ms");
    text += std::move(set).close();
  }
  return text;
}

// Sets that rules write, on the SYN and later.
std::string written_by_rules(std::string_view name, bool both_ends, std::string_view size, std::string_view timeout) {
  std::string text;
  for (const bool v4 : kFamilies) {
    const auto end = address_type(v4) + " . inet_service";
    SetText set(std::string(name) + suffix(v4), both_ends ? end + " . " + end : end);
    set.line("size " + std::string(size));
    set.line("flags dynamic,timeout");
    set.line("timeout " + std::string(timeout));
    text += std::move(set).close();
  }
  return text;
}

// Its key is of the type of a join's token, a number of 32 bits in network order. It is not said by `typeof tcp option
// @30,32,32`: libnftables 1.1.3 (Debian 13) crashes when it reads such a set back.
std::string token_set(const LiveSets& live) {
  std::string text = "  set " + std::string(kTokenSet) + " {\n    typeof tcp sequence\n";
  std::string elements;
  for (const auto token : live.tokens) (elements += elements.empty() ? "" : ", ") += std::to_string(token);
  if (!elements.empty()) text += "    elements = { " + elements + " }\n";
  return text + "  }\n";
}

}  // namespace

std::string from_set(std::string_view kind, std::size_t i, bool v4) { return numbered(kind, i, "from", v4); }
std::string to_set(std::string_view kind, std::size_t i, bool v4) { return numbered(kind, i, "to", v4); }
std::string learned_set(std::size_t bypass, bool v4) { return numbered("bypass", bypass, "learned", v4); }
std::string run_time_set(policy::Flows flows, bool v4) {
  return std::string("run_time_") + policy::name(flows) + suffix(v4);
}

bool is_lasting_set(std::string_view name) {
  for (const auto lasting : {kRecentSet, kDirectSet, kOpenSet, kClosingSet})
    if (name == std::string(lasting) + "4" || name == std::string(lasting) + "6") return true;
  return false;
}

bool has_family(const std::vector<policy::Prefix>& prefixes, bool v4) {
  return std::any_of(prefixes.begin(), prefixes.end(), [v4](const auto& prefix) { return prefix.is_v4() == v4; });
}

std::string sets_text(const policy::Policy& policy, std::size_t rules, const LiveSets& live) {
  using policy::Flows;
  // A join may come as soon as its connection's handshake is over; 10 s are that and a client's second try.
  auto text = written_by_rules(kRecentSet, false, "65536", "10s");
  text += written_by_rules(kDirectSet, false, "65536", "1d");
  // RFC 5382, 5 asks for at least 2 h 4 min of an established connection, and 4 min of one that ends.
  text += written_by_rules(kOpenSet, true, "262144", "4h");
  text += written_by_rules(kClosingSet, true, "262144", "10m");
  text += token_set(live);
  for (const bool v4 : kFamilies) {
    text += ranges_set(run_time_set(Flows::mptcp, v4), v4, live.run_time_mptcp);
    text += ranges_set(run_time_set(Flows::tcp, v4), v4, live.run_time_tcp);
    text += ranges_set(run_time_set(Flows::any, v4), v4, live.run_time_any);
  }
  for (std::size_t i = 0; i < policy.bypasses->entries.size(); ++i) {
    const auto& entry = policy.bypasses->entries[i];
    text +=
        prefixes_sets(entry.sources, from_set, "bypass", i) + prefixes_sets(entry.destinations, to_set, "bypass", i);
    if (entry.by_domain) text += learned_sets(i, live);
  }
  for (std::size_t i = 0; i < rules; ++i) {
    const auto& when = policy.rules->entries[i].when;
    if (!when.is_of_syn()) continue;
    text += prefixes_sets(when.sources, from_set, "rule", i) + prefixes_sets(when.destinations, to_set, "rule", i);
  }
  return text;
}

}  // namespace weir::kernel
