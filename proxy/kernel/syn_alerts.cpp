#include "proxy/kernel/syn_alerts.hpp"

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

constexpr std::uint32_t kCopied = 256;  // the longest IPv6 and TCP headers with room for extension headers
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

std::error_code bind_group(NetlinkSocket& socket, std::uint16_t group) {
  NetlinkMessage bind(kConfig, 0);
  const nfulnl_msg_config_cmd command{.command = NFULNL_CFG_CMD_BIND};
  address(bind, group).put(NFULA_CFG_CMD, &command, sizeof command);
  if (const auto error = socket.ask(bind.header())) return error;
  NetlinkMessage mode(kConfig, 0);
  nfulnl_msg_config_mode copy{};
  copy.copy_range = htonl(kCopied);
  copy.copy_mode = NFULNL_COPY_PACKET;
  address(mode, group).put(NFULA_CFG_MODE, &copy, sizeof copy);
  return socket.ask(mode.header());
}

}  // namespace

struct SynAlerts::Impl {
  NetlinkSocket socket;
};

SynAlerts::SynAlerts(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SynAlerts::SynAlerts(SynAlerts&&) noexcept = default;
SynAlerts& SynAlerts::operator=(SynAlerts&&) noexcept = default;
SynAlerts::~SynAlerts() = default;

boost::system::result<SynAlerts, std::string> SynAlerts::open(std::uint16_t nflog_group) {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return "mptcp.alert: cannot open netlink: " + socket.error().message();
  setsockopt(socket->descriptor(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
  const auto error = bind_group(*socket, nflog_group);
  // The kernel says the same of a group in use as of a missing capability.
  if (error == std::errc::operation_not_permitted)
    return "mptcp.alert: NFLOG group " + std::to_string(nflog_group) +
           " is refused: another program listens to it (/proc/net/netfilter/nfnetlink_log), or weir lacks "
           "CAP_NET_ADMIN";
  if (error)
    return "mptcp.alert: cannot listen to NFLOG group " + std::to_string(nflog_group) + ": " + error.message() +
           "; the kernel needs nfnetlink_log";
  return SynAlerts(std::make_unique<Impl>(Impl{std::move(*socket)}));
}

int SynAlerts::descriptor() const { return impl_->socket.descriptor(); }

SynAlerts::Batch SynAlerts::read() {
  Batch batch;
  const auto take = [&batch](const nlmsghdr& message) {
    if (message.nlmsg_type != kPacket) return;
    const auto* payload = find_attribute<nfgenmsg>(message, NFULA_PAYLOAD);
    if (payload == nullptr) return;
    const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(payload));
    if (const auto syn = parse_mptcp_syn({bytes, mnl_attr_get_payload_len(payload)})) batch.syns.push_back(*syn);
  };
  while (impl_->socket.drain(take) == std::errc::no_buffer_space) batch.overrun = true;
  return batch;
}

}  // namespace weir::kernel
