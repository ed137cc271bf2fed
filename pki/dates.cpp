#include "pki/dates.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace weir::pki {
namespace {

using std::chrono::seconds;

Time time_of(const ASN1_TIME* date) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(date, &parts) != 1) return {};
  constexpr auto kFirst = std::chrono::ceil<seconds>(Time::min().time_since_epoch());
  constexpr auto kLast = std::chrono::floor<seconds>(Time::max().time_since_epoch());
  return Time(std::clamp(seconds(timegm(&parts)), kFirst, kLast));
}

std::time_t seconds_of(Time time) {
  return static_cast<std::time_t>(std::chrono::floor<seconds>(time).time_since_epoch().count());
}

}  // namespace

Period period_of(const X509& certificate) {
  return {.from = time_of(X509_get0_notBefore(&certificate)), .to = time_of(X509_get0_notAfter(&certificate))};
}

// ASN1_TIME_set writes UTCTime up to 2049 and GeneralizedTime from then on, as RFC 5280 wants.
bool set_period(X509& certificate, const Period& period) {
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), seconds_of(period.from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), seconds_of(period.to)) != nullptr;
}

std::string text_of(Time time) {
  const auto since = seconds_of(time);
  std::tm parts{};
  gmtime_r(&since, &parts);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text.data();
}

}  // namespace weir::pki
