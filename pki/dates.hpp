// A certificate's dates (RFC 5280, 4.1.2.5) and C++'s.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "pki/openssl.hpp"

namespace weir::pki {

using Time = std::chrono::system_clock::time_point;

// In whole seconds; both belong to it.
struct Period {
  Time from;
  Time to;
};

// Dates that Time cannot hold (before 1677, after 2262) are the nearest that it can; one that is none is 1970.
Period period_of(const X509&);
bool set_period(X509&, const Period&);

std::string text_of(Time);  // "2026-09-01 09:41:00 UTC"

}  // namespace weir::pki
