#include "proxy/kernel/routes.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <map>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "proxy/kernel/netlink_message.hpp"
#include "proxy/kernel/netlink_socket.hpp"
#include "proxy/kernel/ruleset.hpp"

namespace weir::kernel {
namespace {

constexpr std::uint32_t kLoopback = 1;  // "lo" has index 1 in every network namespace
constexpr std::array kFamilies{AF_INET, AF_INET6};

// Lookups the kernel makes for packets of its own start at "lo": answers to a client where net.ipv4.tcp_fwmark_accept
// hands them the SYN's mark, and the reverse-path check where net.ipv4.conf.*.src_valid_mark (set by wg-quick) has it
// use the mark. Those must not be told "deliver locally": the answer would never leave, the packet would be a martian.
// So the first rule jumps them over the second, to the third, which does nothing.
enum class Rule : std::uint32_t { pass_lo = kRulePriority - 1, deliver = kRulePriority, end = kRulePriority + 1 };
constexpr std::array kRules{Rule::end, Rule::pass_lo, Rule::deliver};  // a jump's target comes first

void fill(NetlinkMessage& message, int family, Rule rule) {
  auto& head = message.put<fib_rule_hdr>();
  head.family = static_cast<std::uint8_t>(family);
  head.action = rule == Rule::pass_lo ? FR_ACT_GOTO : rule == Rule::deliver ? FR_ACT_TO_TBL : FR_ACT_NOP;
  message.put(FRA_PRIORITY, static_cast<std::uint32_t>(rule));
  message.put(FRA_FWMARK, kDeliverMark);
  message.put(FRA_FWMASK, kMarkMask);
  if (rule == Rule::deliver) message.put(FRA_TABLE, kRoutingTable);
  if (rule == Rule::pass_lo) {
    message.put(FRA_IIFNAME, "lo");
    message.put(FRA_GOTO, static_cast<std::uint32_t>(Rule::end));
  }
}

void fill_route(NetlinkMessage& message, int family) {
  auto& head = message.put<rtmsg>();
  head.rtm_family = static_cast<std::uint8_t>(family);
  head.rtm_type = RTN_LOCAL;
  head.rtm_scope = family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  head.rtm_protocol = RTPROT_STATIC;
  head.rtm_table = RT_TABLE_UNSPEC;
  message.put(RTA_TABLE, kRoutingTable);
  message.put(RTA_OIF, kLoopback);
}

std::error_code add(NetlinkSocket& socket, int family, Rule rule) {
  NetlinkMessage message(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
  fill(message, family, rule);
  const auto error = socket.ask(message.header());
  return error.value() == EEXIST ? std::error_code{} : error;
}

std::error_code add_route(NetlinkSocket& socket, int family) {
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  fill_route(message, family);
  return socket.ask(message.header());
}

bool not_there(std::error_code error) { return error.value() == ENOENT || error.value() == ESRCH; }

// EACCES: net.ipv6.conf.lo.disable_ipv6 is set.
bool family_absent(std::error_code error) {
  return error.value() == EAFNOSUPPORT || error.value() == EOPNOTSUPP || error.value() == EPFNOSUPPORT ||
         error.value() == EACCES;
}

std::error_code install(NetlinkSocket& socket, int family) {
  for (const auto rule : kRules) {
    if (const auto error = add(socket, family, rule)) return error;
  }
  return add_route(socket, family);
}

std::error_code remove(NetlinkSocket& socket, int family) {
  NetlinkMessage route(RTM_DELROUTE, 0);
  fill_route(route, family);
  std::error_code first = socket.ask(route.header());
  if (not_there(first)) first = {};
  for (auto rule = kRules.rbegin(); rule != kRules.rend(); ++rule) {
    NetlinkMessage message(RTM_DELRULE, 0);
    fill(message, family, *rule);
    const auto error = socket.ask(message.header());
    if (error && !not_there(error) && !first) first = error;
  }
  return first;
}

std::string sentence(std::error_code error, int family, const char* what) {
  const std::string name = family == AF_INET ? "IPv4" : "IPv6";
  if (error.value() == EPERM) return "cannot change the policy routes: weir needs CAP_NET_ADMIN (run it as root)";
  if (error.value() == ENETDOWN) return "the loopback interface is down: `ip link set lo up`, then start weir again";
  return "cannot " + std::string(what) + " the " + name + " policy routes: " + error.message();
}

boost::system::result<void, std::string> for_each_family(const char* what,
                                                         std::error_code (*change)(NetlinkSocket&, int)) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return "cannot open a route socket: " + socket.error().message();
  for (const int family : kFamilies) {
    const auto error = change(*socket, family);
    if (error && !(family == AF_INET6 && family_absent(error))) return sentence(error, family, what);
  }
  return {};
}

template <class FamilyHeader>
bool has(const nlmsghdr& message, std::uint16_t type, std::uint32_t value) {
  const auto* attribute = find_attribute<FamilyHeader>(message, type);
  return attribute != nullptr && mnl_attr_get_payload_len(attribute) == 4 && mnl_attr_get_u32(attribute) == value;
}

bool rule_there(NetlinkSocket& socket, int family, Rule rule) {
  NetlinkMessage message(RTM_GETRULE, NLM_F_DUMP);
  message.put<fib_rule_hdr>().family = static_cast<std::uint8_t>(family);
  bool found = false;
  socket.ask(message.header(), [&](const nlmsghdr& answer) {
    found = found || (has<fib_rule_hdr>(answer, FRA_PRIORITY, static_cast<std::uint32_t>(rule)) &&
                      has<fib_rule_hdr>(answer, FRA_FWMARK, kDeliverMark));
  });
  return found;
}

bool route_there(NetlinkSocket& socket, int family) {
  NetlinkMessage message(RTM_GETROUTE, NLM_F_DUMP);
  message.put<rtmsg>().rtm_family = static_cast<std::uint8_t>(family);
  bool found = false;
  socket.ask(message.header(), [&](const nlmsghdr& answer) {
    const auto* head = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&answer));
    found = found ||
            (head->rtm_type == RTN_LOCAL && head->rtm_dst_len == 0 && has<rtmsg>(answer, RTA_TABLE, kRoutingTable));
  });
  return found;
}

std::string rule_text(int family, Rule rule) {
  static const std::map<Rule, std::string> kTexts{
      {Rule::pass_lo, " iif lo goto 5701"}, {Rule::deliver, " lookup 5700"}, {Rule::end, " nop"}};
  return std::string(family == AF_INET ? "ip rule: " : "ip -6 rule: ") +
         std::to_string(static_cast<std::uint32_t>(rule)) + ": from all fwmark 0x57000000/0xff000000" + kTexts.at(rule);
}

}  // namespace

boost::system::result<void, std::string> install_routes() { return for_each_family("install", install); }

boost::system::result<void, std::string> remove_routes() { return for_each_family("remove", remove); }

std::vector<RouteState> routes_state() {
  std::vector<RouteState> state;
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return state;
  for (const int family : kFamilies) {
    for (const auto rule : {Rule::pass_lo, Rule::deliver, Rule::end}) {
      state.push_back({rule_text(family, rule), rule_there(*socket, family, rule)});
    }
    state.push_back(
        {std::string(family == AF_INET ? "ip route: " : "ip -6 route: ") + "local default dev lo table 5700",
         route_there(*socket, family)});
  }
  return state;
}

}  // namespace weir::kernel
