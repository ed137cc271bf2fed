// [gateway]
#include <algorithm>

#include <net/if.h>

#include "conf/sections.hpp"

namespace weir::conf {
namespace {

constexpr std::chrono::milliseconds kLeastTimeout{1};
constexpr std::size_t kMostInterfaces = 256;
constexpr std::size_t kMostPorts = 1024;  // each is a listener in every worker
constexpr std::int64_t kMostWorkers = 1024;
constexpr std::int64_t kMostFlows = 10'000'000;
constexpr std::int64_t kHighestPort = 65535;

// The kernel takes more; these are what stands between quotes in an nftables rule without a second meaning.
bool is_interface_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@+";
  return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

void read_interfaces(Section& section, std::vector<std::string>& interfaces) {
  if (!section.has("client_interfaces"))
    section.problem(
        "gateway.client_interfaces is missing; name the interfaces where clients' packets arrive, such as "
        "client_interfaces = [\"lan0\"]");
  const auto* array = section.array("client_interfaces", kMostInterfaces);
  if (array == nullptr) return;
  for (const auto& element : *array) {
    const auto* name = element.as_string();
    if (name == nullptr)
      section.wrong_type(element, "an entry of client_interfaces", "a string");
    else if (!is_interface_name(name->get()))
      section.problem(element,
                      "client_interfaces: this is not an interface's name; 1 to 15 letters, digits or -_.@+ are");
    else if (std::ranges::find(interfaces, name->get()) != interfaces.end())
      section.problem(element, "client_interfaces: '" + name->get() + "' stands here twice");
    else
      interfaces.push_back(name->get());
  }
  if (array->empty()) section.problem(*array, "client_interfaces must name at least one interface, such as [\"lan0\"]");
}

void read_ports(Section& section, std::vector<std::uint16_t>& ports) {
  const auto* array = section.array("intercept_ports", kMostPorts);
  if (array == nullptr) return;
  ports.clear();
  for (const auto& element : *array) {
    const auto* integer = element.as_integer();
    if (integer == nullptr) {
      section.wrong_type(element, "an entry of intercept_ports", "an integer from 1 to 65535");
    } else if (integer->get() < 1 || integer->get() > kHighestPort) {
      section.problem(element, "intercept_ports: " + std::to_string(integer->get()) + " is no port; 1 to 65535 are");
    } else if (std::ranges::find(ports, static_cast<std::uint16_t>(integer->get())) != ports.end()) {
      section.problem(element, "intercept_ports: " + std::to_string(integer->get()) + " stands here twice");
    } else {
      ports.push_back(static_cast<std::uint16_t>(integer->get()));
    }
  }
  if (array->empty()) section.problem(*array, "intercept_ports must name at least one port, such as [80, 443]");
}

}  // namespace

void read_gateway(Section section, GatewaySettings& gateway) {
  read_interfaces(section, gateway.client_interfaces);
  read_ports(section, gateway.intercept_ports);
  section.read("preserve_client_address", gateway.preserve_client_address);
  section.read("masquerade", gateway.masquerade);
  section.read("manage_network", gateway.manage_network);
  section.read<OnFailure>("on_failure", gateway.on_failure, {{"closed", OnFailure::closed}, {"open", OnFailure::open}});
  section.read("connect_timeout", gateway.connect_timeout, kLeastTimeout);
  section.read("peek_timeout", gateway.peek_timeout, kLeastTimeout);
  section.read("idle_timeout", gateway.idle_timeout, kLeastTimeout);
  section.read("drain_timeout", gateway.drain_timeout, std::chrono::milliseconds(0));
  std::int64_t workers = 0;
  if (section.read("workers", workers, 0, kMostWorkers)) gateway.workers = static_cast<unsigned>(workers);
  std::int64_t max_flows = 0;
  if (section.read("max_flows", max_flows, 0, kMostFlows)) gateway.max_flows = static_cast<std::size_t>(max_flows);
  section.read("user", gateway.user);
  section.read("fence", gateway.fence);
  section.finish();
}

}  // namespace weir::conf
