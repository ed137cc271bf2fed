#include "proxy/kernel/path_manager.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <linux/genetlink.h>
#include <netinet/in.h>

#include "proxy/kernel/genetlink.hpp"
#include "proxy/kernel/mptcp_uapi.hpp"
#include "proxy/kernel/netlink_message.hpp"

namespace weir::kernel {
namespace {

// A request to the "mptcp_pm" family.
class Request : public NetlinkMessage {
 public:
  Request(std::uint16_t family, std::uint8_t command, int flags = 0) : NetlinkMessage(family, flags) {
    auto& generic = put<genlmsghdr>();
    generic.cmd = command;
    generic.version = MPTCP_PM_VER;
  }
  using NetlinkMessage::put;
};

void put_address(Request& request, const policy::Address& address) {
  if (address.is_v4()) {
    request.put16(MPTCP_PM_ADDR_ATTR_FAMILY, AF_INET);
    request.put(MPTCP_PM_ADDR_ATTR_ADDR4, address.v4_bytes().data(), address.v4_bytes().size());
  } else {
    request.put16(MPTCP_PM_ADDR_ATTR_FAMILY, AF_INET6);
    request.put(MPTCP_PM_ADDR_ATTR_ADDR6, address.bytes().data(), address.bytes().size());
  }
}

policy::Address address_of(const nlattr& attribute) {
  std::array<std::uint8_t, 16> bytes{};
  const auto size = std::min<std::size_t>(bytes.size(), mnl_attr_get_payload_len(&attribute));
  std::memcpy(bytes.data(), mnl_attr_get_payload(&attribute), size);
  if (size == 4) return policy::Address::v4(bytes[0], bytes[1], bytes[2], bytes[3]);
  return policy::Address(bytes);
}

PathManagerEndpoint endpoint_of(const nlattr& nest) {
  PathManagerEndpoint endpoint;
  for_each_nested(nest, [&](const nlattr& attribute) {
    switch (mnl_attr_get_type(&attribute)) {
      case MPTCP_PM_ADDR_ATTR_ID: endpoint.id = mnl_attr_get_u8(&attribute); break;
      case MPTCP_PM_ADDR_ATTR_ADDR4:
      case MPTCP_PM_ADDR_ATTR_ADDR6: endpoint.address = address_of(attribute); break;
      case MPTCP_PM_ADDR_ATTR_PORT: endpoint.port = mnl_attr_get_u16(&attribute); break;
      case MPTCP_PM_ADDR_ATTR_FLAGS:
        endpoint.signal = (mnl_attr_get_u32(&attribute) & MPTCP_PM_ADDR_FLAG_SIGNAL) != 0;
        break;
      default: break;
    }
  });
  return endpoint;
}

std::string sentence(const std::string& what, const std::error_code& error) {
  return "MPTCP path manager: cannot " + what + ": " + error.message();
}

}  // namespace

struct PathManager::Impl {
  NetlinkSocket socket;
  std::uint16_t family = 0;
};

PathManager::PathManager(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PathManager::PathManager(PathManager&&) noexcept = default;
PathManager& PathManager::operator=(PathManager&&) noexcept = default;
PathManager::~PathManager() = default;

boost::system::result<PathManager, std::string> PathManager::open() {
  auto socket = NetlinkSocket::open(NETLINK_GENERIC);
  if (!socket) return sentence("open netlink", socket.error());
  const auto family = find_family(*socket, MPTCP_PM_NAME);
  if (!family) return sentence("find it (does this kernel have MPTCP?)", family.error());
  return PathManager(std::make_unique<Impl>(Impl{std::move(*socket), family->id}));
}

boost::system::result<PathManagerLimits, std::string> PathManager::limits() {
  Request request(impl_->family, MPTCP_PM_CMD_GET_LIMITS);
  PathManagerLimits limits;
  const auto error = impl_->socket.ask(request.header(), [&](const nlmsghdr& answer) {
    for_each_attribute<genlmsghdr>(answer, [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == MPTCP_PM_ATTR_RCV_ADD_ADDRS)
        limits.add_addr_accepted = mnl_attr_get_u32(&attribute);
      if (mnl_attr_get_type(&attribute) == MPTCP_PM_ATTR_SUBFLOWS) limits.subflows = mnl_attr_get_u32(&attribute);
    });
  });
  if (error) return sentence("read the limits", error);
  return limits;
}

boost::system::result<void, std::string> PathManager::set_limits(const PathManagerLimits& limits) {
  Request request(impl_->family, MPTCP_PM_CMD_SET_LIMITS);
  request.put(MPTCP_PM_ATTR_RCV_ADD_ADDRS, limits.add_addr_accepted);
  request.put(MPTCP_PM_ATTR_SUBFLOWS, limits.subflows);
  if (const auto error = impl_->socket.ask(request.header())) return sentence("set the limits", error);
  return {};
}

boost::system::result<std::vector<PathManagerEndpoint>, std::string> PathManager::endpoints() {
  Request request(impl_->family, MPTCP_PM_CMD_GET_ADDR, NLM_F_DUMP);
  std::vector<PathManagerEndpoint> all;
  const auto error = impl_->socket.ask(request.header(), [&](const nlmsghdr& answer) {
    if (const auto* nest = find_attribute<genlmsghdr>(answer, MPTCP_PM_ATTR_ADDR)) all.push_back(endpoint_of(*nest));
  });
  if (error) return sentence("list the endpoints", error);
  return all;
}

boost::system::result<void, std::string> PathManager::add_signal_endpoint(const policy::Address& address,
                                                                          std::uint16_t port) {
  Request request(impl_->family, MPTCP_PM_CMD_ADD_ADDR);
  auto* nest = request.begin_nest(MPTCP_PM_ATTR_ADDR);
  put_address(request, address);
  if (port != 0) request.put16(MPTCP_PM_ADDR_ATTR_PORT, port);
  request.put(MPTCP_PM_ADDR_ATTR_FLAGS, std::uint32_t{MPTCP_PM_ADDR_FLAG_SIGNAL});
  request.end_nest(nest);
  if (const auto error = impl_->socket.ask(request.header()))
    return sentence("signal " + address.text() + (port != 0 ? " port " + std::to_string(port) : ""), error);
  return {};
}

boost::system::result<void, std::string> PathManager::remove_endpoint(const PathManagerEndpoint& endpoint) {
  Request request(impl_->family, MPTCP_PM_CMD_DEL_ADDR);
  auto* nest = request.begin_nest(MPTCP_PM_ATTR_ADDR);
  put_address(request, endpoint.address);
  request.put8(MPTCP_PM_ADDR_ATTR_ID, endpoint.id);
  request.end_nest(nest);
  if (const auto error = impl_->socket.ask(request.header()))
    return sentence("remove the endpoint " + endpoint.address.text(), error);
  return {};
}

}  // namespace weir::kernel
