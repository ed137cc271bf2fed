// Decides what becomes of a flow: by its addresses where they are enough, else by its first bytes too.
#pragma once

#include <optional>

#include "policy/policy.hpp"
#include "proxy/flow/end.hpp"
#include "proxy/net/poller.hpp"

namespace weir::session {

struct Flow;
class FirstLook;

struct Decided {
  policy::Decision decision;
  policy::Decision unread;  // where it is to be decrypted, and cannot be
  bool reads_http = false;  // it is plain HTTP, and its requests are judged one by one; `decision` says nothing
  bool is_silent = false;   // it was to say something for this, and has not yet
};

// The decision is on record. An end: the flow is over before there was one.
net::Awaitable<std::optional<flow::End>> decide(Flow&, Decided&);

enum class Way : std::uint8_t { inspect, refuse, decrypt, unread };
Way way_of(const Flow&, const Decided&);

// By its first bytes: well-formed or not, whole or not.
bool is_http(const Flow&);
bool is_http(const FirstLook&);

}  // namespace weir::session
