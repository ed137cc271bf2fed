// c-ares, from 1.18 (Debian 12) to 1.34 (Debian 13).
#pragma once

#define CARES_NO_DEPRECATED  // 1.34 would have ares_query_dnsrec, which 1.18 has not
#include <ares.h>
