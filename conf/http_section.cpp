// [http]
#include <algorithm>

#include "conf/sections.hpp"
#include "conf/token.hpp"

namespace weir::conf {
namespace {

constexpr std::chrono::milliseconds kLeastTimeout{1};
constexpr std::size_t kMostUpgrades = 16;

// Protocols are compared in lower case (RFC 9110, 7.8).
void read_upgrades(Section& section, std::vector<std::string>& upgrades) {
  const auto* array = section.array("upgrades", kMostUpgrades);
  if (array == nullptr) return;
  upgrades.clear();
  for (const auto& element : *array) {
    const auto* text = element.as_string();
    auto protocol = text != nullptr ? lower(text->get()) : std::string();
    if (text == nullptr)
      section.wrong_type(element, "an entry of upgrades", "a string");
    else if (!is_token(protocol))
      section.problem(element,
                      "upgrades: '" + printable(protocol) + "' is not a protocol's name such as \"websocket\"");
    else if (protocol == "h2c")
      section.problem(element, "upgrades: 'h2c' would carry requests past the rules; leave it out");
    else if (std::ranges::find(upgrades, protocol) != upgrades.end())
      section.problem(element, "upgrades: '" + protocol + "' stands here twice");
    else
      upgrades.push_back(std::move(protocol));
  }
}

}  // namespace

void read_http(Section section, HttpSettings& http) {
  section.read<DomainFronting>("domain_fronting", http.domain_fronting,
                               {{"allow", DomainFronting::allow}, {"block", DomainFronting::block}});
  section.read("via", http.via);
  section.read("forwarded", http.forwarded);
  read_upgrades(section, http.upgrades);
  section.read("header_timeout", http.header_timeout, kLeastTimeout);
  section.read("body_timeout", http.body_timeout, kLeastTimeout);
  section.finish();
}

}  // namespace weir::conf
