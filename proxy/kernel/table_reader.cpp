#include "proxy/kernel/table_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "proxy/kernel/netlink_message.hpp"
#include "proxy/kernel/netlink_socket.hpp"
#include "proxy/kernel/ruleset.hpp"

namespace weir::kernel {
namespace {

// A request to nf_tables about weir's table.
class Request : public NetlinkMessage {
 public:
  Request(std::uint16_t type, int flags, std::uint16_t table_attribute)
      : NetlinkMessage(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), flags) {
    auto& head = put<nfgenmsg>();
    head.nfgen_family = NFPROTO_INET;
    head.version = NFNETLINK_V0;
    put(table_attribute, std::string(kTable).c_str());
  }
  using NetlinkMessage::put;
};

// nft keeps a rule's comment among its user data: a type, a length, a value each; the comment is of type 0.
std::optional<std::string> comment_in(const nlattr& user_data) {
  constexpr char kComment = 0;
  std::string_view rest(static_cast<const char*>(mnl_attr_get_payload(&user_data)),
                        mnl_attr_get_payload_len(&user_data));
  while (rest.size() >= 2) {
    const auto length = static_cast<unsigned char>(rest[1]);
    const auto value = rest.substr(2, length);
    if (value.size() != length) return std::nullopt;
    if (rest[0] == kComment) return std::string(value.substr(0, value.find('\0')));
    rest.remove_prefix(2 + std::size_t{length});
  }
  return std::nullopt;
}

std::uint64_t packets_in(const nlattr& counter) {
  std::uint64_t packets = 0;
  for_each_nested(counter, [&packets](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) == NFTA_COUNTER_PACKETS) packets = be64toh(mnl_attr_get_u64(&attribute));
  });
  return packets;
}

}  // namespace

struct TableReader::Impl {
  NetlinkSocket socket;
};

boost::system::result<TableReader, std::string> TableReader::open() {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return "cannot open a netfilter socket: " + socket.error().message();
  return TableReader(std::make_unique<Impl>(Impl{std::move(*socket)}));
}

boost::system::result<std::optional<std::vector<std::string>>, std::string> TableReader::comments(
    const std::string& chain) {
  using Comments = std::optional<std::vector<std::string>>;
  Request exists(NFT_MSG_GETCHAIN, 0, NFTA_CHAIN_TABLE);
  exists.put(NFTA_CHAIN_NAME, chain.c_str());
  const auto missing = impl_->socket.ask(exists.header());
  if (missing == std::errc::no_such_file_or_directory) return Comments();
  if (missing) return "cannot read table inet " + std::string(kTable) + ": " + missing.message();
  Request dump(NFT_MSG_GETRULE, NLM_F_DUMP, NFTA_RULE_TABLE);
  dump.put(NFTA_RULE_CHAIN, chain.c_str());
  std::vector<std::string> comments;
  const auto error = impl_->socket.ask(dump.header(), [&comments](const nlmsghdr& rule) {
    const auto* user_data = find_attribute<nfgenmsg>(rule, NFTA_RULE_USERDATA);
    if (user_data == nullptr) return;
    if (auto comment = comment_in(*user_data)) comments.push_back(std::move(*comment));
  });
  if (error) return "cannot read table inet " + std::string(kTable) + ": " + error.message();
  return Comments(std::move(comments));
}

boost::system::result<TableInventory, std::string> TableReader::inventory() {
  TableInventory inventory;
  const auto list = [this](Request&& dump, std::uint16_t table, std::uint16_t name, std::vector<std::string>& names) {
    return impl_->socket.ask(dump.header(), [&](const nlmsghdr& one) {
      // A dump of chains is of all tables.
      const auto* in = find_attribute<nfgenmsg>(one, table);
      const auto* named = find_attribute<nfgenmsg>(one, name);
      const auto* head = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(&one));
      if (in != nullptr && named != nullptr && head->nfgen_family == NFPROTO_INET &&
          std::string_view(mnl_attr_get_str(in)) == kTable)
        names.emplace_back(mnl_attr_get_str(named));
    });
  };
  auto error = list(Request(NFT_MSG_GETCHAIN, NLM_F_DUMP, NFTA_CHAIN_TABLE), NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME,
                    inventory.chains);
  if (!error)
    error = list(Request(NFT_MSG_GETSET, NLM_F_DUMP, NFTA_SET_TABLE), NFTA_SET_TABLE, NFTA_SET_NAME, inventory.sets);
  if (error && error != std::errc::no_such_file_or_directory)
    return "cannot read table inet " + std::string(kTable) + ": " + error.message();
  for (const auto& [name, packets] : counters()) inventory.counters.push_back(name);
  // Those of the rules' own are deleted with their rules.
  std::erase_if(inventory.sets, [](const std::string& name) { return name.starts_with("__"); });
  return inventory;
}

std::map<std::string, std::uint64_t> TableReader::counters() {
  Request dump(NFT_MSG_GETOBJ, NLM_F_DUMP, NFTA_OBJ_TABLE);
  dump.put(NFTA_OBJ_TYPE, htobe32(NFT_OBJECT_COUNTER));
  std::map<std::string, std::uint64_t> counters;
  impl_->socket.ask(dump.header(), [&counters](const nlmsghdr& object) {
    const auto* name = find_attribute<nfgenmsg>(object, NFTA_OBJ_NAME);
    const auto* data = find_attribute<nfgenmsg>(object, NFTA_OBJ_DATA);
    if (name != nullptr && data != nullptr) counters[mnl_attr_get_str(name)] = packets_in(*data);
  });
  return counters;
}

TableReader::TableReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;
TableReader::~TableReader() = default;

}  // namespace weir::kernel
