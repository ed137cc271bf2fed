// Ends a flow that goes no further, and tells its client so in what it speaks.
#pragma once

#include <string_view>

#include "policy/policy.hpp"
#include "proxy/flow/end.hpp"
#include "proxy/net/poller.hpp"
#include "tls/alert.hpp"

namespace weir::session {

struct Flow;

// Policy blocks it: the alert access_denied for TLS, a reset for others. What is to be decrypted gets the page inside
// TLS.
net::Awaitable<flow::End> refuse_blocked(Flow&, const policy::Decision&);
// Its first bytes break the rules of TLS: an alert.
net::Awaitable<flow::End> refuse_malformed(Flow&);
// An alert in place of weir's first TLS message.
net::Awaitable<flow::End> refuse_with_alert(Flow&, tls::Alert, flow::End);
// A page of that status inside TLS, under a leaf of weir's own for the name the client asked for; an alert where that
// cannot be.
net::Awaitable<flow::End> refuse_within_tls(Flow&, unsigned status, std::string_view reason, flow::End);

// The client was told the last word; it may go on sending for a while, since closing over unread bytes is a reset,
// which can overtake what was sent (RFC 9112, 9.6).
net::Awaitable<void> linger(Flow&);

}  // namespace weir::session
