#include "conf/matching.hpp"

#include <algorithm>

#include "conf/idna.hpp"
#include "policy/normal_path.hpp"

namespace weir::conf {
namespace {

constexpr std::size_t kMostPorts = 1024;
constexpr std::int64_t kHighestPort = 65535;

// A list in a wrong format has as many problems as lines: the first few tell.
class ListProblems {
 public:
  ListProblems(Section& section, std::string_view key) : section_(section), key_(key) {}
  ~ListProblems() {
    if (count_ > kShown)
      section_.problem(key_ + ": " + std::to_string(count_ - kShown) + " more entries of its lists are wrong");
  }
  ListProblems(const ListProblems&) = delete;
  ListProblems& operator=(const ListProblems&) = delete;

  void add(const ListEntry& entry, const std::string& message) {
    if (++count_ > kShown) return;
    section_.problems().add(entry.place, key_ + ": '" + printable(entry.text) + "' " + message);
  }

 private:
  static constexpr std::size_t kShown = 20;
  Section& section_;
  std::string key_;
  std::size_t count_ = 0;
};

std::string why_no_domain(std::string_view text) {
  const auto name = text.starts_with("*.") ? text.substr(2) : text;
  if (policy::Prefix::parse(name)) return "is an address; addresses go into destinations";
  if (text.find('*') != std::string_view::npos)
    return "has a '*' where it has no meaning; \"*.example.com\" is every name below example.com";
  if (text.find("://") != std::string_view::npos || text.find('/') != std::string_view::npos)
    return "is a URL; write the name alone, such as \"www.example.com\"";
  return "is not a domain name; write one such as \"www.example.com\" or \"*.example.com\"";
}

using Make = policy::PatternSet::Result (*)(const std::vector<std::string>&);

void compile(Section& section, std::string_view key, const std::vector<std::string>& texts, bool asked, Make make,
             policy::PatternSet& patterns) {
  if (texts.empty()) {
    if (asked) section.problem(std::string(key) + " is empty; leave it out, or name at least one");
    return;
  }
  auto made = make(texts);
  if (made.has_value())
    patterns = std::move(*made);
  else
    section.problem(std::string(key) + ": " + made.error());
}

// In any other form than the normal one a path is never compared, so it would not match.
bool is_path_glob(std::string_view text) {
  std::string made;
  return text.starts_with('*') || (text.starts_with('/') && policy::normal_path(text, made) == text);
}

}  // namespace

bool read_prefixes(Section& section, std::string_view key, const Surroundings& around,
                   std::vector<policy::Prefix>& prefixes) {
  ListProblems problems(section, key);
  return for_each_entry(section, key, around.folder, [&](const ListEntry& entry) {
    const auto prefix = policy::Prefix::parse(entry.text);
    if (!prefix)
      problems.add(entry, "is not an address or a prefix such as \"192.0.2.0/24\" or \"2001:db8::/32\"");
    else if (*prefix != prefix->network())
      problems.add(entry, "has bits behind its length; write \"" + prefix->network().text() + "\"");
    else
      prefixes.push_back(*prefix);
  });
}

bool read_domains(Section& section, std::string_view key, const Surroundings& around,
                  const std::function<void(const policy::DomainPattern&)>& add) {
  ListProblems problems(section, key);
  return for_each_entry(section, key, around.folder, [&](const ListEntry& entry) {
    const auto ascii = to_a_labels(entry.text);
    const auto pattern = ascii ? policy::DomainPattern::parse(*ascii) : std::nullopt;
    if (pattern)
      add(*pattern);
    else
      problems.add(entry, why_no_domain(entry.text));
  });
}

void read_intercepted_ports(Section& section, std::string_view key, const Surroundings& around,
                            std::vector<std::uint16_t>& ports) {
  const auto* array = section.array(key, kMostPorts);
  if (array == nullptr) return;
  if (array->empty()) section.problem(*array, std::string(key) + " is empty; leave it out, or name at least one");
  for (const auto& element : *array) {
    const auto* integer = element.as_integer();
    const auto what = std::string(key) + ": " + (integer != nullptr ? std::to_string(integer->get()) : std::string());
    if (integer == nullptr) {
      section.wrong_type(element, "an entry of " + std::string(key), "an integer from 1 to 65535");
    } else if (integer->get() < 1 || integer->get() > kHighestPort) {
      section.problem(element, what + " is no port; 1 to 65535 are");
    } else if (const auto port = static_cast<std::uint16_t>(integer->get());
               std::ranges::find(around.intercept_ports, port) == around.intercept_ports.end()) {
      section.problem(element, what + " is not in gateway.intercept_ports, so weir never sees it");
    } else {
      ports.push_back(port);
    }
  }
}

void read_words(Section& section, std::string_view key, const Surroundings& around, std::vector<std::string>& words,
                bool (*is_right)(std::string_view), std::string_view wanted) {
  const auto before = section.problems().count();
  bool asked = false;
  {
    ListProblems problems(section, key);
    asked = for_each_entry(section, key, around.folder, [&](const ListEntry& entry) {
      if (is_right(entry.text)) return words.emplace_back(entry.text), void();
      problems.add(entry, "is not " + std::string(wanted));
    });
  }
  if (asked && words.empty() && section.problems().count() == before)
    section.problem(std::string(key) + " is empty; leave it out, or name at least one");
}

void read_paths(Section& section, std::string_view key, const Surroundings& around, policy::PatternSet& patterns) {
  std::vector<std::string> globs;
  read_words(section, key, around, globs, is_path_glob,
             "a path such as \"/track/*\" in its normal form; it begins with '/' or '*', and has no \"//\", \"..\" or "
             "escaped letters");
  compile(section, key, globs, false, policy::PatternSet::globs, patterns);
}

void read_regexes(Section& section, std::string_view key, const Surroundings& around, policy::PatternSet& patterns) {
  std::vector<std::string> regexes;
  const auto before = section.problems().count();
  bool asked = false;
  {
    ListProblems problems(section, key);
    asked = for_one_or_each_entry(section, key, around.folder, [&](const ListEntry& entry) {
      std::string regex(entry.text);
      const auto problem = policy::PatternSet::problem_with(regex);
      if (!problem) return regexes.push_back(std::move(regex)), void();
      problems.add(entry, "is not a regular expression as RE2 has them: " + *problem);
    });
  }
  compile(section, key, regexes, asked && section.problems().count() == before, policy::PatternSet::regexes, patterns);
}

void read_entry_name(Section& section, const toml::node& where, std::string_view kind, std::vector<std::string>& taken,
                     std::string& name) {
  constexpr std::size_t kLongest = 64;
  const auto is_shown_safely = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  const auto* node = section.read("name", name);
  if (!section.has("name"))
    section.problem(where, std::string(kind) + " needs a name, which records and `weir explain` show");
  if (node == nullptr) return;
  if (name.empty() || name.size() > kLongest || !std::ranges::all_of(name, is_shown_safely))
    section.problem(*node, "name: '" + printable(name) +
                               "' cannot be a name; 1 to 64 visible ASCII characters without quotes or '\\' can");
  else if (std::ranges::find(taken, name) != taken.end())
    section.problem(*node, "name: '" + name + "' stands here twice; give each its own");
  else
    taken.push_back(name);
}

}  // namespace weir::conf
