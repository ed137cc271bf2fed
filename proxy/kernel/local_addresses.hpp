// The addresses of this host, followed over rtnetlink: a connection to one of them was not intercepted but sent to the
// gateway itself, and dialling it would be a loop.
#pragma once

#include <memory>
#include <set>
#include <string>

#include <boost/system/result.hpp>

#include "policy/address.hpp"

namespace weir::kernel {

class LocalAddresses {
 public:
  static boost::system::result<LocalAddresses, std::string> open();

  int descriptor() const;
  // Takes in what changed; true where the set did.
  bool read();
  const std::set<policy::Address>& now() const;

  LocalAddresses(LocalAddresses&&) noexcept;
  LocalAddresses& operator=(LocalAddresses&&) noexcept;
  ~LocalAddresses();

 private:
  struct Impl;
  explicit LocalAddresses(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::kernel
