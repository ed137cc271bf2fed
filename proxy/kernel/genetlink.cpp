#include "proxy/kernel/genetlink.hpp"

#include <linux/genetlink.h>

#include "proxy/kernel/netlink_message.hpp"

namespace weir::kernel {
namespace {

std::uint32_t group_id(const nlattr& groups, std::string_view wanted) {
  std::uint32_t found = 0;
  for_each_nested(groups, [&](const nlattr& group) {
    std::uint32_t id = 0;
    std::string_view name;
    for_each_nested(group, [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == CTRL_ATTR_MCAST_GRP_ID) id = mnl_attr_get_u32(&attribute);
      if (mnl_attr_get_type(&attribute) == CTRL_ATTR_MCAST_GRP_NAME) name = mnl_attr_get_str(&attribute);
    });
    if (name == wanted) found = id;
  });
  return found;
}

}  // namespace

boost::system::result<GenetlinkFamily, std::error_code> find_family(NetlinkSocket& socket, const char* name,
                                                                    std::string_view group_name) {
  NetlinkMessage request(GENL_ID_CTRL, 0);
  auto& control = request.put<genlmsghdr>();
  control.cmd = CTRL_CMD_GETFAMILY;
  control.version = 1;
  request.put(CTRL_ATTR_FAMILY_NAME, name);
  GenetlinkFamily family;
  const auto error = socket.ask(request.header(), [&](const nlmsghdr& answer) {
    if (const auto* id = find_attribute<genlmsghdr>(answer, CTRL_ATTR_FAMILY_ID)) family.id = mnl_attr_get_u16(id);
    if (const auto* groups = find_attribute<genlmsghdr>(answer, CTRL_ATTR_MCAST_GROUPS))
      family.group = group_id(*groups, group_name);
  });
  if (error) return error;
  return family;
}

}  // namespace weir::kernel
