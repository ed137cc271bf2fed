// A request that is over, on record and counted.
#pragma once

#include <string_view>

#include "proxy/http/transaction.hpp"

namespace weir::session {

struct Flow;

// `name`: of the request's host; empty where it has none.
void put_on_record(Flow&, const http::Transaction&, std::string_view name);

}  // namespace weir::session
