// The account that weir runs as.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include <boost/system/result.hpp>

namespace weir::kernel {

struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
};

inline constexpr const char* kUsualAccount = "weir";

// Whom this process is to become, by gateway.user. Nothing: it stays who it is. An error where that account does not
// exist, or this process cannot become it.
boost::system::result<std::optional<Account>, std::string> account_to_become(const std::string& wanted);

// Every thread of the process, for good: real, effective and saved user and group, and no other group. Of the
// capabilities nothing is left, unless they were told to stay (privileges.cpp).
boost::system::result<void, std::string> become(const Account&);

}  // namespace weir::kernel
