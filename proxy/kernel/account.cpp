#include "proxy/kernel/account.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <unistd.h>

#include "conf/closed_file.hpp"
#include "proxy/kernel/capability.hpp"

namespace weir::kernel {
namespace {

using Result = boost::system::result<std::optional<Account>, std::string>;

constexpr std::size_t kLongestEntry = 16384;

std::optional<Account> find(const std::string& name) {
  std::array<char, kLongestEntry> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return Account{.name = name, .user = entry.pw_uid, .group = entry.pw_gid};
}

bool may_change_account() { return has_capability(CAP_SETUID) && has_capability(CAP_SETGID); }

// By itself weir gives up root only, and only where it can: a container need not have the capabilities for it.
Result usual_account() {
  if (geteuid() != 0 || !may_change_account()) return std::optional<Account>();
  return find(kUsualAccount);
}

Result refused(std::string why) { return {boost::system::in_place_error, std::move(why)}; }

std::string failed(const char* what, const Account& account) {
  return "cannot become the account '" + account.name + "': " + what + ": " +
         std::error_code(errno, std::system_category()).message();
}

}  // namespace

Result account_to_become(const std::string& wanted) {
  if (wanted.empty()) return usual_account();
  auto account = find(wanted);
  if (!account)
    return refused("gateway.user: there is no account '" + wanted + "' here; make it (`useradd --system --user-group " +
                   wanted + "`), or name another");
  if (account->user == geteuid()) return std::optional<Account>();
  if (!may_change_account())
    return refused("gateway.user: weir was started as '" + conf::account_name() + "' and cannot become '" + wanted +
                   "'; start it as root (a container needs CAP_SETUID and CAP_SETGID), or take gateway.user out");
  return account;
}

boost::system::result<void, std::string> become(const Account& account) {
  if (setgroups(0, nullptr) != 0) return failed("setgroups", account);
  if (setresgid(account.group, account.group, account.group) != 0) return failed("setresgid", account);
  if (setresuid(account.user, account.user, account.user) != 0) return failed("setresuid", account);
  return {};
}

}  // namespace weir::kernel
