// One flow while it lives: owned by its coroutine, listed by its worker.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <boost/intrusive/list.hpp>

#include "proxy/flow/end.hpp"
#include "proxy/flow/record.hpp"
#include "proxy/net/poller.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/session/first_look.hpp"
#include "proxy/session/handshake_limit.hpp"
#include "proxy/session/name_sniffer.hpp"

namespace weir::session {

class Worker;
class Opening;
using Clock = std::chrono::steady_clock;

struct TableTag;
struct DeadlineTag;
using AutoUnlink = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
using TableHook = boost::intrusive::list_base_hook<boost::intrusive::tag<TableTag>, AutoUnlink>;
using DeadlineHook = boost::intrusive::list_base_hook<boost::intrusive::tag<DeadlineTag>, AutoUnlink>;

struct Flow : TableHook, DeadlineHook {
  Flow(Worker&, flow::ClientEndpoint);
  ~Flow();
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  // Ends the flow from outside (a time-out, drain): its coroutine sees it at once.
  void stop(flow::Code);
  // The client closed its side, all subflows with it: the last look at them the kernel gives.
  void note_client_end();
  // The record as of now, for the live view.
  flow::Record snapshot(Clock::time_point now) const;

  Worker& worker;
  net::Waiter waiter;
  net::Watch client;
  net::Watch upstream;
  std::optional<HandshakeLimit::Place> handshake_place;  // from the first look until bytes move
  std::unique_ptr<FirstLook> first_look;                 // until its bytes are passed on
  std::unique_ptr<NameSniffer> sniffer;                  // until a name is known, or is not to be had
  std::unique_ptr<Opening> opening;                      // where policy decrypts
  std::unique_ptr<relay::Exchange> relay;                // while bytes move, and after
  flow::Record record;
  Clock::time_point started;
  Clock::time_point last_active;
  Clock::time_point deadline;             // while linked by DeadlineHook
  std::uint64_t bytes_at_sample = 0;      // MPTCP: what had moved when its paths were last read
  std::uint64_t counted_from_client = 0;  // what of its bytes the worker's counters have
  std::uint64_t counted_to_client = 0;
  std::optional<flow::Code> stopped;
  bool client_ended = false;
  bool told = false;  // the client was told why the flow goes no further, and its connection closed in order
  bool wants_tick = false;
};

using FlowTable =
    boost::intrusive::list<Flow, boost::intrusive::base_hook<TableHook>, boost::intrusive::constant_time_size<false>>;
using DeadlineList = boost::intrusive::list<Flow, boost::intrusive::base_hook<DeadlineHook>,
                                            boost::intrusive::constant_time_size<false>>;

}  // namespace weir::session
