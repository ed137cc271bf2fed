// The bypass list as the admin service shows and changes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/rule.hpp"

namespace weir::admin {

// An entry of the configuration, in numbers: a list may have a hundred thousand prefixes.
struct ConfiguredBypass {
  std::string name;
  policy::Flows flows = policy::Flows::mptcp;
  std::size_t sources = 0;
  std::size_t destinations = 0;
  bool domains = false;
  std::vector<std::uint16_t> ports;
  std::chrono::seconds learn_for{0};
  std::uint64_t syns = 0;  // that went direct by it
};

struct AddedBypass {
  std::string what;
  policy::Flows flows = policy::Flows::mptcp;
  std::chrono::seconds left{0};
};

struct LearnedBypass {
  policy::Address address;
  std::string bypass;
  std::string origin;  // "resolved", "seen", "answered"
  std::string name;
  std::chrono::seconds left{0};
};

struct WithheldBypass {
  policy::Address address;
  std::string name;  // it must be decrypted or blocked, and was seen at that address
  std::chrono::seconds left{0};
};

struct BypassList {
  std::vector<ConfiguredBypass> configured;
  std::vector<AddedBypass> added;
  std::vector<LearnedBypass> learned;
  std::vector<WithheldBypass> withheld;
  std::uint64_t conflicts = 0;
};

struct BypassRequest {
  std::string what;
  policy::Flows flows = policy::Flows::mptcp;
  std::chrono::seconds duration{0};
  std::string who;  // for the event
};

}  // namespace weir::admin
