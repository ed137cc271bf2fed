// [dns]
#include <algorithm>

#include "conf/sections.hpp"

namespace weir::conf {
namespace {

constexpr std::size_t kMostServers = 16;
constexpr std::uint16_t kDnsPort = 53;

// An address alone means port 53.
std::optional<policy::Endpoint> server(std::string_view text) {
  if (const auto address = policy::Address::parse(text)) return policy::Endpoint{*address, kDnsPort};
  return policy::Endpoint::parse(text);
}

void read_servers(Section& section, std::vector<policy::Endpoint>& servers) {
  const auto* array = section.array("servers", kMostServers);
  if (array == nullptr) return;
  for (const auto& element : *array) {
    const auto* text = element.as_string();
    const auto endpoint = text != nullptr ? server(text->get()) : std::nullopt;
    if (text == nullptr)
      section.wrong_type(element, "an entry of servers", "a string");
    else if (!endpoint)
      section.problem(element, "servers: '" + printable(text->get()) +
                                   "' is not an address such as \"192.0.2.53\" or \"[2001:db8::53]:5353\"");
    else
      servers.push_back(*endpoint);
  }
}

void read_watched(Section& section, std::vector<policy::Address>& servers) {
  const auto* array = section.array("watch", kMostServers);
  if (array == nullptr) return;
  for (const auto& element : *array) {
    const auto* text = element.as_string();
    const auto address = text != nullptr ? policy::Address::parse(text->get()) : std::nullopt;
    if (text == nullptr)
      section.wrong_type(element, "an entry of watch", "a string");
    else if (!address)
      section.problem(element, "watch: '" + printable(text->get()) + "' is not an address such as \"192.0.2.53\"");
    else
      servers.push_back(*address);
  }
}

}  // namespace

void read_dns(Section section, DnsSettings& dns) {
  read_servers(section, dns.servers);
  read_watched(section, dns.watch);
  section.finish();
}

}  // namespace weir::conf
