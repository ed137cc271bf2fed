// [[bypass]]
#include "conf/policy_sections.hpp"

namespace weir::conf {
namespace {

using policy::Flows;
constexpr std::size_t kMostNames = 10'000;  // to be resolved; all are learned

using Builder = policy::TableBuilder<policy::BypassTable>;

void read_bypass(Section section, const toml::node& where, const Surroundings& around, std::vector<std::string>& names,
                 Builder& builder) {
  policy::Bypass entry;
  read_entry_name(section, where, "a [[bypass]]", names, entry.name);
  section.read<Flows>("flows", entry.flows, {{"mptcp", Flows::mptcp}, {"tcp", Flows::tcp}, {"any", Flows::any}});
  entry.by_destination = read_prefixes(section, "destinations", around, entry.destinations);
  entry.by_domain = read_domains(section, "domains", around, [&](const policy::DomainPattern& pattern) {
    builder.add_domain(pattern);
    if (!pattern.below && entry.names.size() < kMostNames) entry.names.push_back(pattern.name.text());
  });
  read_intercepted_ports(section, "ports", around, entry.ports);
  entry.by_source = read_prefixes(section, "sources", around, entry.sources);
  std::chrono::milliseconds learn_for = entry.learn_for;
  const auto* learn_node = section.read("learn_for", learn_for, std::chrono::milliseconds(0));
  entry.learn_for = std::chrono::ceil<std::chrono::seconds>(learn_for);
  section.finish();
  if (learn_node != nullptr && !entry.by_domain)
    section.problem(*learn_node, "learn_for is of no use without domains: only names are learned");
  // One that is left empty by mistake would send everything past weir.
  if (!section.has("destinations") && !section.has("domains") && !section.has("sources"))
    section.problem(where, "a [[bypass]] needs destinations, domains or sources");
  builder.add(std::move(entry));
}

}  // namespace

void read_bypasses(const toml::table& root, const Surroundings& around, Problems& problems, policy::Policy& policy) {
  Builder builder;
  std::vector<std::string> names;
  for_each_table(root, "bypass", problems, [&](const toml::table& table) {
    read_bypass(Section("[[bypass]]", &table, problems), table, around, names, builder);
  });
  policy.bypasses = std::move(builder).build();
}

}  // namespace weir::conf
