// PEM files read, with errors that name the file.
#pragma once

#include "pki/authority.hpp"

namespace weir::pki {

// At least one; an error where one of them cannot be read.
Result<std::vector<Certificate>> read_certificates(const std::filesystem::path&);

// Refused where others than the owner may read it, the owner is neither root nor who asks, or it has a passphrase.
Result<Key> read_key(const std::filesystem::path&);

}  // namespace weir::pki
