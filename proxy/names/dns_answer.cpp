#include "proxy/names/dns_answer.hpp"

#include <algorithm>
#include <memory>

#include "proxy/names/cares.hpp"
#include "proxy/names/plain_name.hpp"
#include "proxy/names/udp_datagram.hpp"

namespace weir::names {
namespace {

using Bytes = std::span<const std::uint8_t>;
using std::chrono::seconds;

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kHeader = 12;
constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kAaaa = 28;
constexpr std::uint16_t kCname = 5;
constexpr std::uint16_t kIn = 1;
constexpr int kMostAliases = 16;

struct FreeString {
  void operator()(char* text) const { ares_free_string(text); }
};

struct Record {
  std::string owner;
  std::uint16_t type = 0;
  std::uint16_t in_class = 0;
  seconds ttl{0};
  Bytes data;
  std::size_t data_at = 0;
};

// Reads a message from front to back. Every read is nothing where the message ends before it.
class Reader {
 public:
  Reader(Bytes message, std::size_t at) : message_(message), at_(at) {}

  std::optional<std::string> name() {
    char* text = nullptr;
    long length = 0;
    if (at_ >= message_.size() || ares_expand_name(message_.data() + at_, message_.data(),
                                                   static_cast<int>(message_.size()), &text, &length) != ARES_SUCCESS)
      return std::nullopt;
    const std::unique_ptr<char, FreeString> owned(text);
    at_ += static_cast<std::size_t>(length);
    return plain_name(text);
  }

  std::optional<Bytes> bytes(std::size_t count) {
    if (message_.size() - at_ < count) return std::nullopt;
    at_ += count;
    return message_.subspan(at_ - count, count);
  }

  std::optional<Record> record();

  std::size_t at() const { return at_; }

 private:
  Bytes message_;
  std::size_t at_;
};

std::uint16_t u16(Bytes bytes, std::size_t at) { return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]); }

// A TTL is 31 bits, and 0 where the highest bit is set (RFC 2181, 8).
seconds ttl_at(Bytes bytes, std::size_t at) {
  const auto ttl = (std::uint32_t{u16(bytes, at)} << 16) | u16(bytes, at + 2);
  return seconds((ttl & 0x8000'0000U) != 0 ? 0U : ttl);
}

std::optional<Record> Reader::record() {
  auto owner = name();
  if (!owner) return std::nullopt;
  const auto fixed = bytes(10);
  if (!fixed) return std::nullopt;
  const auto data_at = at_;
  const auto data = bytes(u16(*fixed, 8));
  if (!data) return std::nullopt;
  return Record{std::move(*owner), u16(*fixed, 0), u16(*fixed, 2), ttl_at(*fixed, 4), *data, data_at};
}

struct Alias {
  std::string owner;
  std::string target;
  seconds ttl{0};
};

struct Found {
  std::string owner;
  Answer answer;
};

struct Records {
  std::vector<Alias> aliases;
  std::vector<Found> addresses;
};

policy::Address address_of(Bytes data) {
  if (data.size() == 4) return policy::Address::v4(data[0], data[1], data[2], data[3]);
  policy::Address::Bytes bytes{};
  std::ranges::copy(data, bytes.begin());
  return policy::Address(bytes);
}

bool take_address(Record record, std::uint16_t type, Records& records) {
  if (record.data.size() != (type == kA ? 4U : 16U)) return false;
  records.addresses.push_back({std::move(record.owner), {address_of(record.data), record.ttl}});
  return true;
}

bool take_alias(Record record, Bytes message, Records& records) {
  Reader data(message, record.data_at);
  auto target = data.name();
  if (!target || data.at() != record.data_at + record.data.size()) return false;
  records.aliases.push_back({std::move(record.owner), std::move(*target), record.ttl});
  return true;
}

// False where the record is broken: then nothing behind it is to be trusted either.
bool take(Record record, std::uint16_t wanted, Bytes message, Records& records) {
  if (record.in_class != kIn) return true;
  if (record.type == wanted) return take_address(std::move(record), wanted, records);
  if (record.type == kCname) return take_alias(std::move(record), message, records);
  return true;
}

// The addresses at the end of the chain of aliases, whatever the order of the records.
std::vector<Answer> follow(const std::string& question, const Records& records) {
  const auto* name = &question;
  auto ttl = seconds::max();
  for (int aliases = 0; aliases <= kMostAliases; ++aliases) {
    std::vector<Answer> answers;
    for (const auto& found : records.addresses)
      if (found.owner == *name) answers.push_back({found.answer.address, std::min(ttl, found.answer.ttl)});
    const auto alias = std::ranges::find(records.aliases, *name, &Alias::owner);
    if (!answers.empty() || alias == records.aliases.end()) return answers;
    ttl = std::min(ttl, alias->ttl);
    name = &alias->target;
  }
  return {};
}

// A response to a standard query, without error (RFC 1035, 4.1.1), with one question.
bool is_answer(Bytes message) {
  constexpr std::uint16_t kResponseOpcodeRcode = 0xf80f;
  return (u16(message, 2) & kResponseOpcodeRcode) == 0x8000 && u16(message, 4) == 1;
}

}  // namespace

std::optional<NameAnswer> parse_dns_message(Bytes message) {
  constexpr std::size_t kLongest = 65535;  // also over TCP (RFC 1035, 4.2.2)
  if (message.size() < kHeader || message.size() > kLongest || !is_answer(message)) return std::nullopt;
  Reader reader(message, kHeader);
  auto question = reader.name();
  if (!question) return std::nullopt;
  const auto type_and_class = reader.bytes(4);
  if (!type_and_class || u16(*type_and_class, 2) != kIn) return std::nullopt;
  const auto wanted = u16(*type_and_class, 0);
  if (wanted != kA && wanted != kAaaa) return std::nullopt;
  Records records;
  for (auto left = u16(message, 6); left != 0; --left) {
    auto record = reader.record();
    if (!record || !take(std::move(*record), wanted, message, records)) return std::nullopt;
  }
  auto addresses = follow(*question, records);
  return NameAnswer{std::move(*question), std::move(addresses)};
}

std::optional<DnsAnswer> parse_dns_answer(Bytes packet) {
  const auto datagram = parse_udp_datagram(packet);
  if (!datagram || datagram->source.port != kDnsPort) return std::nullopt;
  auto answer = parse_dns_message(datagram->payload);
  if (!answer) return std::nullopt;
  return DnsAnswer{std::move(*answer), datagram->source, datagram->destination.address};
}

}  // namespace weir::names
