// Adds and removes elements of the table's sets while weir runs, by netlink: one transaction a call, however many
// elements, and none of libnftables' looking at the whole ruleset first.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "policy/address.hpp"
#include "policy/prefix.hpp"

namespace weir::kernel {

struct SetChange {
  enum class Kind : std::uint8_t { add, remove, clear } kind = Kind::add;
  std::string set;
  std::vector<std::uint8_t> key;                       // network order; none of `clear`
  std::optional<std::chrono::milliseconds> timeout{};  // of sets with flag timeout
  bool interval_end = false;                           // of interval sets: the first key behind a range
};

// The keys of what weir's sets hold.
std::vector<std::uint8_t> key_of(std::uint32_t token);
std::vector<std::uint8_t> key_of(const policy::Address&);  // 4 or 16 bytes
// A range as an interval set has it: its first address, and the end behind its last, if there is one.
void add_range(std::vector<SetChange>&, const std::string& set, const policy::AddressRange&);

class SetWriter {
 public:
  static boost::system::result<SetWriter, std::string> open();

  // All of the changes, or none: then the error is the kernel's. ENOENT: the table or a set is not there, or an element
  // to be removed.
  std::error_code apply(std::span<const SetChange>);

  SetWriter(SetWriter&&) noexcept;
  SetWriter& operator=(SetWriter&&) noexcept;
  ~SetWriter();

 private:
  struct Impl;
  explicit SetWriter(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::kernel
