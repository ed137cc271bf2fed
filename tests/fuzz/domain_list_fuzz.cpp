// A list file of domains, as others publish them: read as a rule's list is, and each of its lines as one pattern.
#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

#include "conf/reader.hpp"

namespace {

using weir::policy::Conditions;
using weir::policy::DomainIndex;
using weir::policy::DomainPattern;

void require(bool holds) {
  if (!holds) std::abort();
}

// What was understood is understood again as it is shown, and is found again.
void require_sound(const DomainPattern& pattern) {
  const auto again = DomainPattern::parse(pattern.text());
  require(again && again->name == pattern.name && again->below == pattern.below);
  const auto name = pattern.below ? weir::policy::DomainName::parse("a." + pattern.name.text()) : pattern.name;
  if (!name) return;  // one label more is one too many
  DomainIndex index;
  index.add(pattern, 7);
  Conditions found;
  index.match(*name, found);
  require(found.test(7) && pattern.matches(*name) && index.pattern(*name, 7) == pattern.text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("list", 0);
  static const auto toml = "[gateway]\nclient_interfaces = ['lan0']\n[[rule]]\nname = 'r'\nwhen.domains = ['file:" +
                           std::string("/proc/self/fd/") + std::to_string(file) + "']\naction = 'block'\n";
  require(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  const auto reading = weir::conf::read_text(toml, "weir.toml");

  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t lines = 0;
  std::size_t patterns = 0;
  for (std::size_t at = 0; at < size; ++lines) {
    const auto line = text.substr(at, text.find('\n', at) - at);
    if (const auto pattern = DomainPattern::parse(line)) {
      require_sound(*pattern);
      ++patterns;
    }
    at += line.size() + 1;
  }
  require(reading.policy.rules->indexes.domains.size() <= lines);
  require(reading.ok() || reading.problems.size() <= lines + 1);
  for (const auto& problem : reading.problems) {
    require(problem.line >= 1 && problem.line <= std::max<std::size_t>(lines, 7) && problem.column >= 1);
    require(problem.message.find('\n') == std::string::npos);
  }
  return 0;
}
