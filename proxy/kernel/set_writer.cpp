#include "proxy/kernel/set_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

#include "proxy/kernel/netlink_socket.hpp"
#include "proxy/kernel/ruleset.hpp"

namespace weir::kernel {
namespace {

// A nest's length is 16 bits wide; an element takes at most some 60 bytes.
constexpr std::size_t kElementsAMessage = 500;
constexpr std::size_t kBytesAnElement = 80;
constexpr std::size_t kBytesAHead = 256;
constexpr int kSendBuffer = 8 * 1024 * 1024;

using Changes = std::span<const SetChange>;

// Messages of one transaction, one behind the other.
class Batch {
 public:
  explicit Batch(std::uint32_t sequence) : sequence_(sequence) { control(NFNL_MSG_BATCH_BEGIN); }
  void elements(Changes changes, bool acknowledge);
  void end() { control(NFNL_MSG_BATCH_END); }
  const std::vector<char>& bytes() const { return bytes_; }
  std::uint32_t first() const { return first_; }
  std::uint32_t last_acknowledged() const { return acknowledged_; }

 private:
  // `write` makes a message in the room it is given, with `size` bytes at most.
  template <typename Write>
  void message(std::size_t size, Write write) {
    std::vector<char> buffer(size);
    auto* header = mnl_nlmsg_put_header(buffer.data());
    header->nlmsg_seq = ++sequence_;
    if (first_ == 0) first_ = sequence_;
    write(*header);
    bytes_.insert(bytes_.end(), buffer.begin(), buffer.begin() + header->nlmsg_len);
  }
  void control(std::uint16_t type);

  std::vector<char> bytes_;
  std::uint32_t sequence_;
  std::uint32_t first_ = 0;
  std::uint32_t acknowledged_ = 0;
};

void put_family(nlmsghdr& header, std::uint8_t family, std::uint16_t resource) {
  auto& head = *static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(&header, sizeof(nfgenmsg)));
  head.nfgen_family = family;
  head.version = NFNETLINK_V0;
  head.res_id = htons(resource);
}

void put_element(nlmsghdr& header, const SetChange& change) {
  auto* element = mnl_attr_nest_start(&header, NFTA_LIST_ELEM);
  auto* key = mnl_attr_nest_start(&header, NFTA_SET_ELEM_KEY);
  mnl_attr_put(&header, NFTA_DATA_VALUE, change.key.size(), change.key.data());
  mnl_attr_nest_end(&header, key);
  if (change.interval_end) mnl_attr_put_u32(&header, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
  if (change.timeout && change.kind == SetChange::Kind::add)
    mnl_attr_put_u64(&header, NFTA_SET_ELEM_TIMEOUT, htobe64(static_cast<std::uint64_t>(change.timeout->count())));
  mnl_attr_nest_end(&header, element);
}

void Batch::control(std::uint16_t type) {
  message(kBytesAHead, [type](nlmsghdr& header) {
    header.nlmsg_type = type;
    header.nlmsg_flags = NLM_F_REQUEST;
    put_family(header, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  });
}

// Changes of one set and kind.
void Batch::elements(Changes changes, bool acknowledge) {
  const auto& first = changes.front();
  message(kBytesAHead + changes.size() * kBytesAnElement, [&](nlmsghdr& header) {
    const bool adds = first.kind == SetChange::Kind::add;
    header.nlmsg_type =
        static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | (adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM));
    header.nlmsg_flags =
        static_cast<std::uint16_t>(NLM_F_REQUEST | (adds ? NLM_F_CREATE : 0) | (acknowledge ? NLM_F_ACK : 0));
    put_family(header, NFPROTO_INET, 0);
    mnl_attr_put_strz(&header, NFTA_SET_ELEM_LIST_TABLE, std::string(kTable).c_str());
    mnl_attr_put_strz(&header, NFTA_SET_ELEM_LIST_SET, first.set.c_str());
    if (first.kind == SetChange::Kind::clear) return;
    auto* list = mnl_attr_nest_start(&header, NFTA_SET_ELEM_LIST_ELEMENTS);
    for (const auto& change : changes) put_element(header, change);
    mnl_attr_nest_end(&header, list);
  });
  if (acknowledge) acknowledged_ = sequence_;
}

// The first changes that fit into one message.
std::size_t run_of(Changes changes) {
  const auto& first = changes.front();
  if (first.kind == SetChange::Kind::clear) return 1;
  std::size_t count = 1;
  while (count < changes.size() && count < kElementsAMessage && changes[count].kind == first.kind &&
         changes[count].set == first.set)
    ++count;
  return count;
}

Batch batch_of(Changes changes, std::uint32_t sequence) {
  Batch batch(sequence);
  while (!changes.empty()) {
    const auto count = run_of(changes);
    batch.elements(changes.first(count), count == changes.size());
    changes = changes.subspan(count);
  }
  batch.end();
  return batch;
}

bool is_last(const policy::Address& address) {
  return std::ranges::all_of(address.is_v4() ? std::span<const std::uint8_t>(address.v4_bytes())
                                             : std::span<const std::uint8_t>(address.bytes()),
                             [](std::uint8_t byte) { return byte == 0xff; });
}

}  // namespace

std::vector<std::uint8_t> key_of(std::uint32_t token) {
  return {static_cast<std::uint8_t>(token >> 24), static_cast<std::uint8_t>(token >> 16),
          static_cast<std::uint8_t>(token >> 8), static_cast<std::uint8_t>(token)};
}

std::vector<std::uint8_t> key_of(const policy::Address& address) {
  if (address.is_v4()) return {address.v4_bytes().begin(), address.v4_bytes().end()};
  return {address.bytes().begin(), address.bytes().end()};
}

void add_range(std::vector<SetChange>& changes, const std::string& set, const policy::AddressRange& range) {
  changes.push_back({.set = set, .key = key_of(range.first)});
  if (is_last(range.last)) return;  // open to the end of all addresses
  auto behind = key_of(range.last);
  for (auto i = behind.size(); i-- > 0;)
    if (++behind[i] != 0) break;
  changes.push_back({.set = set, .key = std::move(behind), .interval_end = true});
}

struct SetWriter::Impl {
  NetlinkSocket socket;
  std::uint32_t sequence = 0;

  // The kernel answers for the last change, and before it for each that failed; for the whole batch where it took none.
  std::error_code answer(const Batch& batch) {
    std::vector<char> buffer(65536);
    std::error_code error;
    for (;;) {
      const auto size = recv(socket.descriptor(), buffer.data(), buffer.size(), 0);
      if (size < 0) return {errno, std::system_category()};
      int left = static_cast<int>(size);
      for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left);
           message = mnl_nlmsg_next(message, &left)) {
        if (message->nlmsg_type != NLMSG_ERROR || message->nlmsg_seq < batch.first()) continue;
        const auto code = std::abs(static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error);
        if (code != 0 && !error) error = {code, std::system_category()};
        if (message->nlmsg_seq == batch.last_acknowledged() || (message->nlmsg_seq == batch.first() && code != 0))
          return error;
      }
    }
  }
};

boost::system::result<SetWriter, std::string> SetWriter::open() {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return "cannot open a netfilter socket: " + socket.error().message();
  // Best effort: it is for many changes at once.
  setsockopt(socket->descriptor(), SOL_SOCKET, SO_SNDBUFFORCE, &kSendBuffer, sizeof kSendBuffer);
  return SetWriter(std::make_unique<Impl>(Impl{std::move(*socket)}));
}

std::error_code SetWriter::apply(Changes changes) {
  if (changes.empty()) return {};
  const auto batch = batch_of(changes, impl_->sequence);
  impl_->sequence = batch.last_acknowledged() + 1;
  if (send(impl_->socket.descriptor(), batch.bytes().data(), batch.bytes().size(), 0) < 0)
    return {errno, std::system_category()};
  return impl_->answer(batch);
}

SetWriter::SetWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SetWriter::SetWriter(SetWriter&&) noexcept = default;
SetWriter& SetWriter::operator=(SetWriter&&) noexcept = default;
SetWriter::~SetWriter() = default;

}  // namespace weir::kernel
