// The extensions of a ClientHello; for client_hello.cpp.
#pragma once

#include <optional>

#include "tls/client_hello.hpp"
#include "tls/cursor.hpp"

namespace weir::tls {

// The extensions' vector, without its length. Unknown ones are noted and otherwise ignored.
std::optional<Refusal> read_extensions(Cursor list, ClientHello& hello);

}  // namespace weir::tls
