#include "proxy/kernel/path_events.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <sys/socket.h>

#include "proxy/kernel/genetlink.hpp"
#include "proxy/kernel/mptcp_uapi.hpp"
#include "proxy/kernel/netlink_message.hpp"

namespace weir::kernel {
namespace {

// Room for a burst of joins while the control thread is busy: one event is some 100 bytes.
constexpr int kReceiveBuffer = 4 * 1024 * 1024;

std::optional<PathEvent::Kind> kind_of(std::uint8_t command) {
  switch (command) {
    case MPTCP_EVENT_SUB_ESTABLISHED: return PathEvent::Kind::subflow_established;
    case MPTCP_EVENT_SUB_CLOSED: return PathEvent::Kind::subflow_closed;
    case MPTCP_EVENT_SUB_PRIORITY: return PathEvent::Kind::subflow_priority;
    default: return std::nullopt;
  }
}

policy::Address address_of(const nlattr& attribute) {
  policy::Address::Bytes bytes{};
  const auto size = std::min<std::size_t>(bytes.size(), mnl_attr_get_payload_len(&attribute));
  std::memcpy(bytes.data(), mnl_attr_get_payload(&attribute), size);
  if (size == 4) return policy::Address::v4(bytes[0], bytes[1], bytes[2], bytes[3]);
  return policy::Address(bytes);
}

void take_attribute(const nlattr& attribute, PathEvent& event) {
  switch (mnl_attr_get_type(&attribute)) {
    case MPTCP_ATTR_TOKEN: event.token = mnl_attr_get_u32(&attribute); break;
    case MPTCP_ATTR_SADDR4:
    case MPTCP_ATTR_SADDR6: event.local.address = address_of(attribute); break;
    case MPTCP_ATTR_DADDR4:
    case MPTCP_ATTR_DADDR6: event.remote.address = address_of(attribute); break;
    case MPTCP_ATTR_SPORT: event.local.port = ntohs(mnl_attr_get_u16(&attribute)); break;
    case MPTCP_ATTR_DPORT: event.remote.port = ntohs(mnl_attr_get_u16(&attribute)); break;
    case MPTCP_ATTR_BACKUP: event.backup = mnl_attr_get_u8(&attribute) != 0; break;
    case MPTCP_ATTR_ERROR: event.error = mnl_attr_get_u8(&attribute); break;
    case MPTCP_ATTR_RESET_REASON:
      event.reset_reason = mnl_attr_get_u32(&attribute);
      event.has_reset_reason = true;
      break;
    default: break;
  }
}

// RFC 8684, 3.6: MP_TCPRST's reasons.
const char* reset_reason_text(std::uint32_t reason) {
  switch (reason) {
    case MPTCP_RST_EMPTCP: return "MPTCP-specific error";
    case MPTCP_RST_ERESOURCE: return "lack of resources";
    case MPTCP_RST_EPROHIBIT: return "administratively prohibited";
    case MPTCP_RST_EWQ2BIG: return "too much outstanding data";
    case MPTCP_RST_EBADPERF: return "unacceptable performance";
    case MPTCP_RST_EMIDDLEBOX: return "middlebox interference";
    default: return "unknown reason";
  }
}

}  // namespace

std::string describe_end(const PathEvent& event) {
  if (event.has_reset_reason && event.reset_reason == MPTCP_RST_EUNSPEC) return "reset";
  if (event.has_reset_reason) return std::string("reset: ") + reset_reason_text(event.reset_reason);
  switch (event.error) {
    case 0: return "closed";
    case ECONNRESET:
    case EPIPE: return "reset";
    case ECONNABORTED: return "aborted on the gateway";  // by SOCK_DESTROY, as of `ss -K`
    case ETIMEDOUT: return "timed out";
    case EHOSTUNREACH:
    case ENETUNREACH: return "unreachable";
    default: return std::error_code(event.error, std::system_category()).message();
  }
}

struct PathEvents::Impl {
  NetlinkSocket socket;
};

PathEvents::PathEvents(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PathEvents::PathEvents(PathEvents&&) noexcept = default;
PathEvents& PathEvents::operator=(PathEvents&&) noexcept = default;
PathEvents::~PathEvents() = default;

boost::system::result<PathEvents, std::string> PathEvents::open() {
  auto socket = NetlinkSocket::open(NETLINK_GENERIC);
  if (!socket) return "MPTCP events: cannot open netlink: " + socket.error().message();
  const auto family = find_family(*socket, MPTCP_PM_NAME, MPTCP_PM_EV_GRP_NAME);
  if (!family) return "MPTCP events: the kernel's path manager is not there: " + family.error().message();
  // Best effort: without CAP_NET_ADMIN the ordinary limit holds, and overruns are reported.
  setsockopt(socket->descriptor(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
  if (const auto error = socket->join(family->group))
    return "MPTCP events: cannot follow them: " + error.message() + "; CAP_NET_ADMIN is needed";
  return PathEvents(std::make_unique<Impl>(Impl{std::move(*socket)}));
}

int PathEvents::descriptor() const { return impl_->socket.descriptor(); }

PathEvents::Batch PathEvents::read() {
  Batch batch;
  const auto take = [&batch](const nlmsghdr& message) {
    const auto* generic = static_cast<const genlmsghdr*>(mnl_nlmsg_get_payload(&message));
    PathEvent event{};
    if (generic->cmd == MPTCP_EVENT_CREATED || generic->cmd == MPTCP_EVENT_CLOSED) {
      for_each_attribute<genlmsghdr>(message, [&event](const nlattr& attribute) { take_attribute(attribute, event); });
      batch.connections.push_back({event.token, generic->cmd == MPTCP_EVENT_CREATED});
    }
    const auto kind = kind_of(generic->cmd);
    if (!kind) return;
    event.kind = *kind;
    for_each_attribute<genlmsghdr>(message, [&event](const nlattr& attribute) { take_attribute(attribute, event); });
    batch.events.push_back(event);
  };
  while (impl_->socket.drain(take) == std::errc::no_buffer_space) batch.overrun = true;
  return batch;
}

}  // namespace weir::kernel
