// A finding in a line: what is wrong, where in the chain, and with which names or dates.
#pragma once

#include <optional>
#include <string>

#include "pki/findings.hpp"

namespace weir::pki {

// Printable ASCII, at most some 300 bytes: `expired 2026-01-03 (depth 0, "example.test")`.
std::string detail_of(Fault, const Finding&, const std::optional<std::string>& asked);

}  // namespace weir::pki
