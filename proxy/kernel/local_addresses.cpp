#include "proxy/kernel/local_addresses.hpp"

#include <algorithm>
#include <utility>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "proxy/kernel/netlink_message.hpp"
#include "proxy/kernel/netlink_socket.hpp"

namespace weir::kernel {
namespace {

using Addresses = std::set<policy::Address>;

// IFA_LOCAL is this host's side; on a point-to-point link IFA_ADDRESS is the peer's. IPv6 often has IFA_ADDRESS only.
void take(const nlmsghdr& message, Addresses& addresses) {
  if (message.nlmsg_type != RTM_NEWADDR) return;
  const auto* attribute = find_attribute<ifaddrmsg>(message, IFA_LOCAL);
  if (attribute == nullptr) attribute = find_attribute<ifaddrmsg>(message, IFA_ADDRESS);
  if (attribute == nullptr) return;
  const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
  if (mnl_attr_get_payload_len(attribute) == 4) {
    addresses.insert(policy::Address::v4(bytes[0], bytes[1], bytes[2], bytes[3]));
  } else if (mnl_attr_get_payload_len(attribute) == 16) {
    policy::Address::Bytes all{};
    std::copy_n(bytes, all.size(), all.begin());
    addresses.insert(policy::Address(all));
  }
}

std::error_code dump(NetlinkSocket& socket, Addresses& addresses) {
  NetlinkMessage request(RTM_GETADDR, NLM_F_DUMP);
  request.put<ifaddrmsg>().ifa_family = AF_UNSPEC;
  return socket.ask(request.header(), [&](const nlmsghdr& message) { take(message, addresses); });
}

}  // namespace

struct LocalAddresses::Impl {
  NetlinkSocket events;
  NetlinkSocket questions;
  Addresses now;
};

boost::system::result<LocalAddresses, std::string> LocalAddresses::open() {
  auto events = NetlinkSocket::open(NETLINK_ROUTE);
  auto questions = NetlinkSocket::open(NETLINK_ROUTE);
  if (!events || !questions) return std::string("cannot open a route socket to follow this host's addresses");
  // Joined before the first dump: what changes in between is seen twice, not missed.
  for (const unsigned group : {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}) {
    if (const auto error = events->join(group)) return "cannot follow this host's addresses: " + error.message();
  }
  Addresses now;
  if (const auto error = dump(*questions, now)) return "cannot read this host's addresses: " + error.message();
  return LocalAddresses(std::make_unique<Impl>(Impl{std::move(*events), std::move(*questions), std::move(now)}));
}

int LocalAddresses::descriptor() const { return impl_->events.descriptor(); }

// Addresses change seldom, may be on two interfaces at once, and events can be lost: each change is a new dump.
bool LocalAddresses::read() {
  bool changed = false;
  const auto error = impl_->events.drain([&](const nlmsghdr&) { changed = true; });
  if (!changed && !error) return false;
  Addresses fresh;
  if (dump(impl_->questions, fresh) || fresh == impl_->now) return false;
  impl_->now = std::move(fresh);
  return true;
}

const std::set<policy::Address>& LocalAddresses::now() const { return impl_->now; }

LocalAddresses::LocalAddresses(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LocalAddresses::LocalAddresses(LocalAddresses&&) noexcept = default;
LocalAddresses& LocalAddresses::operator=(LocalAddresses&&) noexcept = default;
LocalAddresses::~LocalAddresses() = default;

}  // namespace weir::kernel
