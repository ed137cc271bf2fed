// What weir changed besides its table, as it is kept in the table (ruleset.hpp, SavedState). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxy/kernel/ruleset.hpp"
#include "proxy/kernel/sysctl.hpp"

namespace weir::kernel {

struct Changes {
  std::vector<Sysctl> sysctls;                     // values from before, in the order of putting back
  std::optional<std::uint32_t> subflows;           // the path manager's limit from before
  std::vector<conf::SignalledEndpoint> endpoints;  // added by weir
  std::string fingerprint;                         // of the settings' ruleset
  friend bool operator==(const Changes&, const Changes&) = default;
};

SavedState to_saved(const Changes&);
// An entry that is not understood is passed over.
Changes from_saved(const SavedState&);

// What to keep of a second installation over a first: the older originals win.
void keep_older(Changes& now, const Changes& older);

// Tells the rules of one configuration from those of another.
std::string fingerprint(const std::string& ruleset);

}  // namespace weir::kernel
