#include "proxy/kernel/privileges.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <memory>
#include <system_error>
#include <type_traits>
#include <vector>

#include <grp.h>
#include <linux/securebits.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "proxy/kernel/capability.hpp"

namespace weir::kernel {
namespace {

using Result = boost::system::result<void, std::string>;
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)>;

// CAP_NET_ADMIN: nftables, routes, sysctls under net, transparent sockets and their marks, MPTCP's path manager and its
// events, packets from NFLOG. CAP_NET_BIND_SERVICE: a reload may name a port below 1024, and a client may have dialled
// from one.
constexpr std::array<cap_value_t, 2> kNeeded{CAP_NET_ADMIN, CAP_NET_BIND_SERVICE};

std::string failed(const char* what) {
  return std::string("cannot give up privileges: ") + what + ": " +
         std::error_code(errno, std::system_category()).message();
}

// No uid 0 that stands for all capabilities, none gained or lost by a change of the uid, none handed to a program that
// is executed, and no way back (capabilities(7)).
bool lock_root_out() {
  constexpr unsigned long kLocked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  return prctl(PR_SET_SECUREBITS, kLocked) == 0;
}

// Both need CAP_SETPCAP. Where it is missing, as in a container, no_new_privs and the empty inheritable set do as much:
// weir executes nothing.
void forbid_more() {
  if (!has_capability(CAP_SETPCAP)) return;
  for (cap_value_t capability = 0; capability <= cap_max_bits() - 1; ++capability) cap_drop_bound(capability);
  lock_root_out();
}

Result change_account(const std::optional<Account>& account) {
  if (account) {
    prctl(PR_SET_KEEPCAPS, 1);  // or they go with uid 0; where root is locked out it is refused and not needed
    return become(*account);
  }
  if (geteuid() == 0) setgroups(0, nullptr);  // not to be had without CAP_SETGID
  return {};
}

Result keep_only_needed() {
  const Capabilities before(cap_get_proc(), cap_free);
  const Capabilities kept(cap_init(), cap_free);
  if (!before || !kept) return failed("capget");
  std::vector<cap_value_t> needed;
  for (const auto capability : kNeeded) {
    cap_flag_value_t permitted = CAP_CLEAR;
    if (cap_get_flag(before.get(), capability, CAP_PERMITTED, &permitted) == 0 && permitted == CAP_SET)
      needed.push_back(capability);
  }
  const auto count = static_cast<int>(needed.size());
  for (const auto set : {CAP_PERMITTED, CAP_EFFECTIVE})
    if (count > 0 && cap_set_flag(kept.get(), set, count, needed.data(), CAP_SET) != 0) return failed("cap_set_flag");
  if (cap_set_proc(kept.get()) != 0) return failed("capset");
  prctl(PR_SET_KEEPCAPS, 0);
  return {};
}

}  // namespace

Result give_up_privileges(const std::optional<Account>& account) {
  forbid_more();
  if (auto changed = change_account(account); !changed) return changed;
  if (auto kept = keep_only_needed(); !kept) return kept;
  // Empty already, since a capability is ambient only while it is inheritable; a kernel that says otherwise is told.
  cap_reset_ambient();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no_new_privs");
  // A change of the uid sets it back to fs.suid_dumpable.
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return failed("dumpable");
  return {};
}

std::string capabilities_in_effect() {
  const Capabilities now(cap_get_proc(), cap_free);
  std::string all;
  for (cap_value_t capability = 0; now && capability < cap_max_bits(); ++capability) {
    cap_flag_value_t set = CAP_CLEAR;
    if (cap_get_flag(now.get(), capability, CAP_EFFECTIVE, &set) != 0 || set != CAP_SET) continue;
    const std::unique_ptr<char, int (*)(void*)> name(cap_to_name(capability), cap_free);
    std::string text = name ? name.get() : std::to_string(capability);
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    all += (all.empty() ? "" : ", ") + text;
  }
  return all.empty() ? "no capability" : all;
}

}  // namespace weir::kernel
