// [admin]
#include <algorithm>

#include "conf/sections.hpp"

namespace weir::conf {
namespace {

bool is_among(const std::vector<std::uint16_t>& ports, std::uint16_t port) {
  return std::ranges::find(ports, port) != ports.end();
}

}  // namespace

void read_admin(Section section, const std::filesystem::path& folder, const GatewaySettings& gateway,
                AdminSettings& admin) {
  std::string listen;
  std::string token_file;
  const auto* listen_node = section.read("listen", listen);
  const bool token_is_wrong = section.has("token_file") && section.read("token_file", token_file) == nullptr;
  section.finish();
  if (!token_file.empty()) admin.token_file = folder / token_file;
  if (listen_node == nullptr) {
    if (is_among(gateway.intercept_ports, admin.listen.port) && !section.has("listen"))
      section.problem("listen: port " + std::to_string(admin.listen.port) +
                      ", where it is left out, is in gateway.intercept_ports; name another");
    return;
  }
  const auto endpoint = policy::Endpoint::parse(listen);
  if (!endpoint) {
    section.problem(*listen_node,
                    "listen: this is not an address and port such as \"127.0.0.1:9080\" or \"[::1]:9080\"");
    return;
  }
  admin.listen = *endpoint;
  if (endpoint->address.is_multicast())
    section.problem(*listen_node, "listen: " + listen + " is a multicast address; nothing can listen for TCP there");
  else if (!endpoint->address.is_loopback() && token_file.empty() && !token_is_wrong)
    section.problem(*listen_node, "listen: " + listen + " can be reached from outside, so token_file must be given");
  if (is_among(gateway.intercept_ports, endpoint->port))
    section.problem(*listen_node, "listen: port " + std::to_string(endpoint->port) +
                                      " is in gateway.intercept_ports; clients would reach neither");
}

}  // namespace weir::conf
