// The lists that entries match flows by: prefixes, names, ports, patterns. Each reader says whether its key is there,
// and reports what is wrong at the place where it stands, in list files too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "conf/list.hpp"
#include "policy/domain_index.hpp"
#include "policy/pattern_set.hpp"
#include "policy/prefix.hpp"

namespace weir::conf {

// What the readers need to know of the rest of the file.
struct Surroundings {
  std::filesystem::path folder;  // where relative paths start
  std::vector<std::uint16_t> intercept_ports;
  std::vector<std::string> client_interfaces;
  bool watches_dns = false;
};

bool read_prefixes(Section&, std::string_view key, const Surroundings&, std::vector<policy::Prefix>&);
bool read_domains(Section&, std::string_view key, const Surroundings&,
                  const std::function<void(const policy::DomainPattern&)>& add);
void read_intercepted_ports(Section&, std::string_view key, const Surroundings&, std::vector<std::uint16_t>&);
// Words that `is_right` accepts; `wanted` says in a problem what would be right. Not empty where the key is there.
void read_words(Section&, std::string_view key, const Surroundings&, std::vector<std::string>&,
                bool (*is_right)(std::string_view), std::string_view wanted);
void read_paths(Section&, std::string_view key, const Surroundings&, policy::PatternSet&);
void read_regexes(Section&, std::string_view key, const Surroundings&, policy::PatternSet&);

// A name of an entry: shown in records and kernel comments.
void read_entry_name(Section&, const toml::node& where, std::string_view kind, std::vector<std::string>& taken,
                     std::string& name);

}  // namespace weir::conf
