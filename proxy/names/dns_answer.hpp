// DNS answers that pass by: whose addresses they tell. Pure; the bytes are hostile.
//
// c-ares expands the names; the records are walked here. Its own ares_parse_a_reply does not say whose an address is:
// 1.18 takes the last CNAME for the chain and wants the records in order, 1.34 takes every address it sees.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/address.hpp"
#include "proxy/names/resolution.hpp"

namespace weir::names {

struct NameAnswer {
  std::string name;  // the question's, as plain_name has it
  // Of the family asked for, the ends of the chain of aliases from `name`; none: the name has none of that family.
  std::vector<Answer> addresses;

  friend bool operator==(const NameAnswer&, const NameAnswer&) = default;
};

struct DnsAnswer : NameAnswer {
  policy::Endpoint server;
  policy::Address client;  // who had asked

  friend bool operator==(const DnsAnswer&, const DnsAnswer&) = default;
};

// A DNS message (RFC 1035, 4) that answers one question for A or AAAA in class IN, without error. It may be cut short
// or truncated (TC) behind its answer section; nothing where it is neither, or has a name that is not plain.
std::optional<NameAnswer> parse_dns_message(std::span<const std::uint8_t> message);

// The same from an IP packet, of a UDP datagram from port 53.
std::optional<DnsAnswer> parse_dns_answer(std::span<const std::uint8_t> packet);

}  // namespace weir::names
