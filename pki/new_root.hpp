// A root certificate and its key, in memory.
#pragma once

#include "pki/authority.hpp"
#include "pki/dates.hpp"

namespace weir::pki {

struct NewRoot {
  Certificate certificate;
  Key key;
};

Result<NewRoot> make_root(const NewAuthority&, Time now);

}  // namespace weir::pki
