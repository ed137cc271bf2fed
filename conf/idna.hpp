// Internationalised domain names as people write them, to what is on the wire (RFC 5891, by libidn2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::conf {

// "bücher.example" → "xn--bcher-kva.example"; nothing where IDNA 2008 does not allow the name. ASCII is left as it is.
std::optional<std::string> to_a_labels(std::string_view name);

}  // namespace weir::conf
