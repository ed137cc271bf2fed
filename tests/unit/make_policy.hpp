// Policies for tests, from a few words.
#pragma once

#include <functional>

#include "policy/policy.hpp"

namespace weir::tests {

inline policy::Address address(std::string_view text) { return policy::Address::parse(text).value(); }
inline policy::Endpoint endpoint(std::string_view text) { return policy::Endpoint::parse(text).value(); }

inline std::vector<policy::Prefix> prefixes(const std::vector<std::string>& texts) {
  std::vector<policy::Prefix> all;
  for (const auto& text : texts) all.push_back(policy::Prefix::parse(text).value());
  return all;
}

struct PolicyMaker {
  void rule(const std::string& name, const std::vector<std::string>& domains,
            const std::function<void(policy::Rule&)>& change) {
    policy::Rule rule;
    rule.name = name;
    change(rule);
    rule.when.by_source = !rule.when.sources.empty();
    rule.when.by_destination = !rule.when.destinations.empty();
    rule.when.by_domain = !domains.empty();
    for (const auto& domain : domains) rules.add_domain(policy::DomainPattern::parse(domain).value());
    rules.add(std::move(rule));
  }
  void bypass(const std::string& name, const std::vector<std::string>& domains,
              const std::function<void(policy::Bypass&)>& change) {
    policy::Bypass entry;
    entry.name = name;
    change(entry);
    entry.by_source = !entry.sources.empty();
    entry.by_destination = !entry.destinations.empty();
    entry.by_domain = !domains.empty();
    for (const auto& domain : domains) bypasses.add_domain(policy::DomainPattern::parse(domain).value());
    bypasses.add(std::move(entry));
  }
  policy::Policy make() && {
    policy::Policy policy;
    policy.bypasses = std::move(bypasses).build();
    policy.rules = std::move(rules).build();
    policy.tls = tls;
    policy.on_syn = on_syn;
    return policy;
  }

  policy::TableBuilder<policy::BypassTable> bypasses;
  policy::TableBuilder<policy::RuleTable> rules;
  policy::Tls tls = policy::Tls::passthrough;
  policy::OnSyn on_syn = policy::OnSyn::terminate;
};

}  // namespace weir::tests
