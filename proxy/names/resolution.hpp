// What is found out about a name. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/address.hpp"

namespace weir::names {

struct Answer {
  policy::Address address;
  std::chrono::seconds ttl{0};  // the smallest on the chain of aliases to it

  friend bool operator==(const Answer&, const Answer&) = default;
};

struct Resolution {
  enum class Status : std::uint8_t {
    ok,            // there are addresses
    no_such_name,  // NXDOMAIN (RFC 1035, 4.1.1)
    no_data,       // the name is there and has no address (RFC 2308, 2.2)
    refused,       // no server answers it: REFUSED, SERVFAIL or a closed port, which c-ares 1.18 does not tell apart
    time_out,      // no server said anything in time
    failed,        // no name, an answer that cannot be read, or out of memory
  } status = Status::failed;
  std::vector<Answer> addresses;
  std::chrono::seconds ttl{0};  // the smallest of the addresses'
  bool complete = false;        // false: of one family or both it is not known what the name has
  std::string error;            // one line for a person; empty where nothing went wrong
};

// What the answers for A and for AAAA say together: what one family has counts, whatever became of the other.
Resolution merge(Resolution ipv4, Resolution ipv6);

}  // namespace weir::names
