// Generic netlink families by name (genetlink.h): their number and their multicast groups.
#pragma once

#include <cstdint>
#include <string_view>
#include <system_error>

#include <boost/system/result.hpp>

#include "proxy/kernel/netlink_socket.hpp"

namespace weir::kernel {

struct GenetlinkFamily {
  std::uint16_t id = 0;
  std::uint32_t group = 0;  // of the group asked for; 0 where the family has none of that name
};

// no_such_file_or_directory where the kernel has no such family.
boost::system::result<GenetlinkFamily, std::error_code> find_family(NetlinkSocket&, const char* name,
                                                                    std::string_view group_name = {});

}  // namespace weir::kernel
