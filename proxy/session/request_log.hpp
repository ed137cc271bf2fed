// A request that is over, on record and counted.
#pragma once

#include "proxy/http/transaction.hpp"

namespace weir::session {

struct Flow;

void put_on_record(Flow&, const http::Transaction&);

}  // namespace weir::session
