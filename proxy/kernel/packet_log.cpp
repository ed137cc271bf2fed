#include "proxy/kernel/packet_log.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "proxy/kernel/netlink_message.hpp"
#include "proxy/kernel/netlink_socket.hpp"

namespace weir::kernel {
namespace {

constexpr int kReceiveBuffer = 4 * 1024 * 1024;
constexpr std::uint16_t kConfig = (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_CONFIG;
constexpr std::uint16_t kPacket = (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_PACKET;

NetlinkMessage& address(NetlinkMessage& request, std::uint16_t group) {
  auto& header = request.put<nfgenmsg>();
  header.nfgen_family = AF_UNSPEC;
  header.version = NFNETLINK_V0;
  header.res_id = htons(group);
  return request;
}

std::error_code bind_group(NetlinkSocket& socket, std::uint16_t group, std::uint32_t copied) {
  NetlinkMessage bind(kConfig, 0);
  const nfulnl_msg_config_cmd command{.command = NFULNL_CFG_CMD_BIND};
  address(bind, group).put(NFULA_CFG_CMD, &command, sizeof command);
  if (const auto error = socket.ask(bind.header())) return error;
  NetlinkMessage mode(kConfig, 0);
  nfulnl_msg_config_mode copy{};
  copy.copy_range = htonl(copied);
  copy.copy_mode = NFULNL_COPY_PACKET;
  address(mode, group).put(NFULA_CFG_MODE, &copy, sizeof copy);
  return socket.ask(mode.header());
}

}  // namespace

struct PacketLog::Impl {
  NetlinkSocket socket;
};

PacketLog::PacketLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PacketLog::PacketLog(PacketLog&&) noexcept = default;
PacketLog& PacketLog::operator=(PacketLog&&) noexcept = default;
PacketLog::~PacketLog() = default;

boost::system::result<PacketLog, std::string> PacketLog::open(std::uint16_t nflog_group, std::uint32_t copied,
                                                              const std::string& purpose) {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return purpose + ": cannot open netlink: " + socket.error().message();
  setsockopt(socket->descriptor(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
  const auto error = bind_group(*socket, nflog_group, copied);
  // The kernel says the same of a group in use as of a missing capability.
  if (error == std::errc::operation_not_permitted)
    return purpose + ": NFLOG group " + std::to_string(nflog_group) +
           " is refused: another program listens to it (/proc/net/netfilter/nfnetlink_log), or weir lacks "
           "CAP_NET_ADMIN";
  if (error)
    return purpose + ": cannot listen to NFLOG group " + std::to_string(nflog_group) + ": " + error.message() +
           "; the kernel needs nfnetlink_log";
  return PacketLog(std::make_unique<Impl>(Impl{std::move(*socket)}));
}

int PacketLog::descriptor() const { return impl_->socket.descriptor(); }

PacketLog::Batch PacketLog::read() {
  Batch batch;
  const auto take = [&batch](const nlmsghdr& message) {
    if (message.nlmsg_type != kPacket) return;
    const auto* payload = find_attribute<nfgenmsg>(message, NFULA_PAYLOAD);
    if (payload == nullptr) return;
    const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(payload));
    batch.packets.emplace_back(bytes, bytes + mnl_attr_get_payload_len(payload));
  };
  while (impl_->socket.drain(take) == std::errc::no_buffer_space) batch.overrun = true;
  return batch;
}

}  // namespace weir::kernel
