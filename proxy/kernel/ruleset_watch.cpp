#include "proxy/kernel/ruleset_watch.hpp"

#include <charconv>
#include <filesystem>
#include <string_view>
#include <utility>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "proxy/kernel/netlink_message.hpp"
#include "proxy/kernel/netlink_socket.hpp"
#include "proxy/kernel/ruleset.hpp"

namespace weir::kernel {
namespace {

// A deletion of weir's table, or of a chain or a rule in it (`nft flush table` keeps the table).
bool deletes_from_table(const nlmsghdr& message) {
  const auto type = message.nlmsg_type & 0xff;
  if (message.nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES) return false;
  if (type != NFT_MSG_DELTABLE && type != NFT_MSG_DELCHAIN && type != NFT_MSG_DELRULE) return false;
  const auto* head = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(&message));
  if (head->nfgen_family != NFPROTO_INET) return false;
  // NFTA_CHAIN_TABLE and NFTA_RULE_TABLE have the same number.
  const auto* name = find_attribute<nfgenmsg>(message, NFTA_TABLE_NAME);
  return name != nullptr && std::string_view(mnl_attr_get_str(name)) == kTable;
}

// An event carries the port of the socket that asked for the change. Whether that is one of ours is asked of our own
// descriptors: libnftables does not show its socket, and the process id in NFT_MSG_NEWGEN is that of the root PID
// namespace, which a container cannot compare with its own.
bool is_own_port(std::uint32_t port) {
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", ignored), end; entry != end;
       entry.increment(ignored)) {
    const auto name = entry->path().filename().string();
    int descriptor = -1;
    std::from_chars(name.data(), name.data() + name.size(), descriptor);
    int protocol = 0;
    socklen_t size = sizeof protocol;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 || protocol != NETLINK_NETFILTER) {
      continue;
    }
    sockaddr_nl address{};
    size = sizeof address;
    if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0 && address.nl_family == AF_NETLINK &&
        address.nl_pid == port) {
      return true;
    }
  }
  return false;
}

}  // namespace

struct RulesetWatch::Impl {
  NetlinkSocket events;
};

boost::system::result<RulesetWatch, std::string> RulesetWatch::open() {
  auto events = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!events) return "cannot open a netfilter socket: " + events.error().message();
  if (const auto error = events->join(NFNLGRP_NFTABLES)) {
    return "cannot watch the nftables ruleset: " + error.message() + "; weir needs CAP_NET_ADMIN (run it as root)";
  }
  return RulesetWatch(std::make_unique<Impl>(Impl{std::move(*events)}));
}

int RulesetWatch::descriptor() const { return impl_->events.descriptor(); }

bool RulesetWatch::read() {
  bool deleted = false;
  const auto error = impl_->events.drain([&](const nlmsghdr& message) {
    deleted = deleted || (deletes_from_table(message) && !is_own_port(message.nlmsg_pid));
  });
  return deleted || error;  // ENOBUFS: the kernel dropped events
}

RulesetWatch::RulesetWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RulesetWatch::RulesetWatch(RulesetWatch&&) noexcept = default;
RulesetWatch& RulesetWatch::operator=(RulesetWatch&&) noexcept = default;
RulesetWatch::~RulesetWatch() = default;

}  // namespace weir::kernel
