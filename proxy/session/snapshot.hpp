// What a worker goes by: immutable, and swapped as one pointer at a reload or when an address of this host changes.
#pragma once

#include <memory>
#include <set>

#include "conf/settings.hpp"
#include "policy/policy.hpp"

namespace weir::session {

struct Decryption;

struct Snapshot {
  conf::Settings settings;
  policy::Policy policy;
  std::set<policy::Address> local_addresses;
  std::shared_ptr<Decryption> decryption{};  // null where nothing is decrypted
};

using SnapshotPointer = std::shared_ptr<const Snapshot>;

}  // namespace weir::session
