// Domain names as weir holds and compares them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::names {

// `presentation` in lower case, where it is letters, digits, '-' and '_' in labels of 1 to 63, at most 253 in all and
// without a trailing dot. Anything else, escapes among it, is no name: DNS carries any byte (RFC 2181, 11), but such a
// name is no host's, and could look like another one in a list or a log.
std::optional<std::string> plain_name(std::string_view presentation);

}  // namespace weir::names
