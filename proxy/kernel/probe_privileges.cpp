#include <string>

#include <unistd.h>

#include "conf/closed_file.hpp"
#include "proxy/kernel/account.hpp"
#include "proxy/kernel/call_filter.hpp"
#include "proxy/kernel/fence.hpp"
#include "proxy/kernel/probe_checks.hpp"

namespace weir::kernel {

Finding check_account(const conf::Settings& settings) {
  const auto account = account_to_become(settings.gateway.user);
  if (!account) return fatal("account", account.error(), {});
  if (*account) return fine("account", "weir runs as '" + (*account)->name + "' once it has started");
  const auto stays = "weir runs as '" + conf::account_name() + "'";
  if (geteuid() != 0 || settings.gateway.user == "root") return fine("account", stays);
  return fine("account", stays +
                             ", without root's capabilities; for an account of its own: useradd --system "
                             "--user-group " +
                             kUsualAccount);
}

Finding check_fence(const conf::Settings& settings) {
  if (!settings.gateway.fence) return fine("fence", "none (gateway.fence = false)");
  std::string text;
  for (const auto& missing : missing_of_fence()) text += (text.empty() ? "" : "; ") + missing;
  return fine("fence", text.empty() ? "Landlock (version " + std::to_string(landlock_version()) +
                                          ") keeps the files and seccomp the system calls"
                                    : text);
}

}  // namespace weir::kernel
