// Flows whose HTTP is read: plain, or within TLS.
#pragma once

#include <memory>

#include "proxy/flow/end.hpp"
#include "proxy/http/conversation.hpp"
#include "proxy/net/poller.hpp"

namespace weir::session {

struct Flow;
class HttpExchange;

// Whether something in the configuration wants each plain request read, whatever policy makes of the flow as such.
bool wants_plain_requests(const Flow&);

// Its first bytes were looked at and are HTTP, well-formed or not. The origin is dialled for the first request that is
// let through.
net::Awaitable<flow::End> inspect(Flow&);

// What the exchange of a flow goes by.
std::unique_ptr<HttpExchange> make_exchange(Flow&, std::unique_ptr<http::Supervisor>);

// `flow.relay` is an exchange of messages; carried to its end, with the last word heard.
net::Awaitable<flow::End> carry_messages(Flow&);

}  // namespace weir::session
