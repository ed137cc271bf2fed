// [mptcp], [quic]
#include <algorithm>

#include "conf/sections.hpp"

namespace weir::conf {
namespace {

constexpr std::int64_t kMostSubflows = 9;  // the kernel's path manager: 8 beyond the first
constexpr std::size_t kMostEndpoints = 8;  // MPTCP_PM_ADDR_MAX
constexpr std::int64_t kHighestPort = 65535;

void read_endpoint(Section section, const toml::node& where, std::vector<SignalledEndpoint>& endpoints) {
  std::string address;
  std::int64_t port = 0;
  const auto* node = section.read("address", address);
  section.read("port", port, 1, kHighestPort);
  section.finish();
  const SignalledEndpoint endpoint{.address = policy::Address::parse(address).value_or(policy::Address{}),
                                   .port = static_cast<std::uint16_t>(port)};
  if (!section.has("address"))
    section.problem(where, "an entry of mptcp.endpoints needs an address: { address = \"203.0.113.5\", port = 443 }");
  else if (node == nullptr)
    return;  // said already
  else if (!policy::Address::parse(address))
    section.problem(*node, "address: this is neither an IPv4 nor an IPv6 address");
  else if (endpoint.address.is_loopback() || endpoint.address.is_multicast() || endpoint.address.is_unspecified())
    section.problem(*node, "address: " + address + " is no address that clients could reach this gateway at");
  else if (std::ranges::find(endpoints, endpoint) != endpoints.end())
    section.problem(*node, "address: " + address + " with this port stands here twice");
  else
    endpoints.push_back(endpoint);
}

void read_endpoints(Section& section, Problems& problems, std::vector<SignalledEndpoint>& endpoints) {
  const auto* array = section.array("endpoints", kMostEndpoints);
  if (array == nullptr) return;
  for (const auto& element : *array) {
    if (const auto* table = element.as_table())
      read_endpoint(Section("mptcp.endpoints", table, problems), element, endpoints);
    else
      section.wrong_type(element, "an entry of endpoints", "a table such as { address = \"203.0.113.5\", port = 443 }");
  }
}

}  // namespace

void read_mptcp(Section section, Problems& problems, MptcpSettings& mptcp, policy::OnSyn& on_syn) {
  using policy::OnSyn;
  section.read<OnSyn>(
      "on_syn", on_syn,
      {{"terminate", OnSyn::terminate}, {"direct", OnSyn::direct}, {"strip", OnSyn::strip}, {"deny", OnSyn::deny}});
  section.read("alert", mptcp.alert);
  section.read("allow_join_initial_address", mptcp.allow_join_initial_address);
  std::int64_t subflows = 0;
  if (section.read("max_subflows", subflows, 1, kMostSubflows)) mptcp.max_subflows = static_cast<unsigned>(subflows);
  read_endpoints(section, problems, mptcp.endpoints);
  const auto* joins = section.table("joins");
  section.finish();
  Section joins_section("[mptcp.joins]", joins, problems);
  joins_section.read<UnknownJoins>("unknown", mptcp.unknown_joins,
                                   {{"direct", UnknownJoins::direct}, {"drop", UnknownJoins::drop}});
  joins_section.finish();
}

void read_quic(Section section, QuicSettings& quic) {
  section.read<QuicAction>("action", quic.action, {{"reject", QuicAction::reject}, {"allow", QuicAction::allow}});
  section.finish();
}

}  // namespace weir::conf
