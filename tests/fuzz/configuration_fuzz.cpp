// weir.toml, with whatever in it: every problem has its place, and what is accepted can be put in force.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "conf/reader.hpp"
#include "proxy/kernel/ruleset.hpp"

namespace {

using weir::conf::Reading;

void require(bool holds) {
  if (!holds) std::abort();
}

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

void require_sound(const Reading& reading, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  const weir::conf::Problem* before = nullptr;
  for (const auto& problem : reading.problems) {
    require(problem.line <= lines && (problem.line == 0) == (problem.column == 0));
    require(!problem.message.empty() && printable(problem.message));
    require(before == nullptr || before->line <= problem.line);
    before = &problem;
  }
}

// A name out of the file must not become a statement of the kernel's table.
void require_closed_quotes(const std::string& ruleset) {
  bool quoted = false;
  for (const char c : ruleset) {
    require(!quoted || c != '\n');
    quoted = quoted != (c == '"');
  }
  require(!quoted);
}

void require_usable(const Reading& reading) {
  require(!reading.settings.gateway.client_interfaces.empty() && !reading.settings.gateway.intercept_ports.empty());
  require_closed_quotes(weir::kernel::configured_ruleset({.settings = reading.settings, .policy = reading.policy}));
  weir::policy::Facts facts;
  facts.client = weir::policy::Address::v4(10, 1, 0, 2);
  facts.destination = {weir::policy::Address::v4(198, 51, 100, 7), 443};
  facts.domain = weir::policy::DomainName::parse("www.example").value();
  facts.nothing_more();
  weir::policy::Trace trace;
  const auto outcome = weir::policy::decide(reading.policy, facts);
  require(weir::policy::decide(reading.policy, facts, &trace) == outcome);
  require(outcome.state == weir::policy::Outcome::State::decided);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // List files would be read, also where "file:" is written with escapes; what is in them is another target's.
  for (const std::string_view outside : {"file:", "\\u", "\\U", "\\x"})
    if (text.find(outside) != std::string_view::npos) return -1;
  const auto reading = weir::conf::read_text(text, "weir.toml");
  require_sound(reading, text);
  if (reading.ok()) require_usable(reading);
  return 0;
}
